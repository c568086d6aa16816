// The left rail; at phone width the same links as a bottom bar.

import { linkTo } from "../address";
import { Icon } from "../parts/icons";
import { usePlace } from "../router";
import { PAGES } from "./places";

export function Rail() {
  const { path, params } = usePlace();
  return (
    <nav class="rail" aria-label="Main">
      <a class="brand" href={linkTo("/", params)} aria-label="Liftline, home">
        <img src="/mark.svg" alt="" width="24" height="24" />
        <span>Liftline</span>
      </a>
      <ul>
        {PAGES.map((page, i) => {
          const isFirst = page.group !== "" && PAGES[i - 1]?.group !== page.group;
          return (
            <li key={page.path}>
              {isFirst ? <span class="rail-group">{page.group}</span> : null}
              <a
                href={linkTo(page.path, params)}
                aria-current={path === page.path ? "page" : undefined}
                title={`${page.label} (g then ${page.key})`}
              >
                <Icon name={page.icon} />
                <span class="rail-long">{page.label}</span>
                <span class="rail-short" aria-hidden="true">
                  {page.short}
                </span>
              </a>
            </li>
          );
        })}
      </ul>
    </nav>
  );
}
