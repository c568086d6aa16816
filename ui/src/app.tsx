// Which page an address shows, and the frame around it.

import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { Palette } from "./frame/Palette";
import { PAGES } from "./frame/places";
import { Rail } from "./frame/Rail";
import { useShortcuts } from "./frame/shortcuts";
import { TopBar } from "./frame/TopBar";
import { HealthPage } from "./pages/Health";
import { HomePage } from "./pages/Home";
import { KeysPage } from "./pages/Keys";
import { LivePage } from "./pages/Live";
import { LoginPage } from "./pages/Login";
import { NoProject } from "./pages/NoProject";
import { WelcomePage } from "./pages/Welcome";
import { Empty, Failure, Skeleton } from "./parts/states";
import { usePlace } from "./router";
import { type Scope, useScope } from "./scope";
import { useSession } from "./session";
import type { Me } from "./shapes";

export function App() {
  const { path } = usePlace();
  if (path === "/login") return <LoginPage />;
  if (path === "/accept" || path === "/welcome") return <WelcomePage />;
  return <Framed path={path} />;
}

function Framed({ path }: { path: string }) {
  const session = useSession(true);
  const scope = useScope(session.projects);
  const [isSearching, setSearching] = useState(false);
  const search = useCallback(() => setSearching(true), []);
  const main = useRef<HTMLElement>(null);
  const isFirst = useRef(true);
  useShortcuts(search);

  useEffect(() => {
    const page = PAGES.find((entry) => entry.path === path);
    document.title = `${page?.label ?? "Not found"} · Liftline`;
    // After a change of page the keyboard starts at the page, not at the link left behind.
    if (!isFirst.current) main.current?.focus({ preventScroll: true });
    isFirst.current = false;
  }, [path]);

  if (!session.me) {
    return (
      <main class="alone">
        {session.problem ? (
          <Failure problem={session.problem} retry={() => location.reload()} />
        ) : (
          <Slow />
        )}
      </main>
    );
  }
  return (
    <div class="frame">
      <a class="skip" href="#main">
        Skip to the page
      </a>
      <Rail />
      <TopBar
        me={session.me}
        projects={session.projects}
        scope={scope}
        hasRange={path === "/" || path === "/data/health"}
        onSearch={search}
      />
      <main id="main" tabIndex={-1} ref={main}>
        <Page path={path} scope={scope} me={session.me} isReady={session.isReady} />
      </main>
      {isSearching ? (
        <Palette projects={session.projects} onClose={() => setSearching(false)} />
      ) : null}
    </div>
  );
}

/** A skeleton, but only when the wait can be felt. */
function Slow() {
  const [isSlow, setSlow] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setSlow(true), 200);
    return () => clearTimeout(timer);
  }, []);
  return isSlow ? <Skeleton lines={5} /> : null;
}

interface PageProps {
  path: string;
  scope: Scope | null;
  me: Me;
  isReady: boolean;
}

function Page({ path, scope, me, isReady }: PageProps) {
  if (path === "/settings/keys") return <KeysPage me={me} scope={scope} />;
  if (!PAGES.some((page) => page.path === path)) return <NotFound path={path} />;
  if (!scope) return isReady ? <NoProject /> : null;
  if (path === "/data/events") return <LivePage scope={scope} />;
  if (path === "/data/health") return <HealthPage scope={scope} />;
  return <HomePage scope={scope} />;
}

function NotFound({ path }: { path: string }) {
  return (
    <Empty title="There is no page here">
      <p>
        Nothing is served at <code>{path}</code>. Press <kbd>Ctrl</kbd> <kbd>K</kbd> to search, or
        go <a href="/">home</a>.
      </p>
    </Empty>
  );
}
