// What a fresh installation shows before there is any project.

import { Empty } from "../parts/states";
import { HowToSend } from "./HowToSend";

export function NoProject() {
  return (
    <div class="page">
      <h1>There is no project yet</h1>
      <Empty title="A project appears with its first key">
        <p>
          Make a key for a project and an environment, then send an event with it. For a look around
          with generated traffic run <code>liftline demo</code>.
        </p>
        <HowToSend />
      </Empty>
    </div>
  );
}
