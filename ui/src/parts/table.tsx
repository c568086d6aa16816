// Rows: sortable, sticky header, 50 to a page, keyboard up and down, a row opens its detail.

import type { ComponentChildren } from "preact";
import { useMemo, useState } from "preact/hooks";

const PAGE_ROWS = 50;

export interface Column<T> {
  name: string;
  cell: (row: T) => ComponentChildren;
  /** What to sort by; a column without it is not sortable. */
  by?: (row: T) => number | string;
  isNumber?: boolean;
}

interface TableProps<T> {
  caption: string;
  columns: Column<T>[];
  rows: T[];
  rowKey: (row: T) => string;
}

function moveFocus(event: KeyboardEvent): void {
  const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
  if (!step || !(event.target instanceof HTMLTableRowElement)) return;
  const next = step > 0 ? event.target.nextElementSibling : event.target.previousElementSibling;
  if (!(next instanceof HTMLTableRowElement)) return;
  event.preventDefault();
  next.focus();
}

export function Table<T>({ caption, columns, rows, rowKey }: TableProps<T>) {
  const [sort, setSort] = useState<{ index: number; isDown: boolean } | null>(null);
  const [page, setPage] = useState(0);
  const sorted = useMemo(() => {
    const by = sort ? columns[sort.index]?.by : undefined;
    if (!by || !sort) return rows;
    const sign = sort.isDown ? -1 : 1;
    return [...rows].sort((a, b) => (by(a) < by(b) ? -sign : by(a) > by(b) ? sign : 0));
  }, [rows, sort]);
  const pages = Math.max(1, Math.ceil(sorted.length / PAGE_ROWS));
  const current = Math.min(page, pages - 1);
  const shown = sorted.slice(current * PAGE_ROWS, (current + 1) * PAGE_ROWS);

  return (
    <>
      <div class="table-box" role="region" aria-label={caption} tabIndex={0}>
        <table>
          <caption class="hidden">{caption}</caption>
          <thead>
            <tr>
              {columns.map((column, index) => (
                <Heading
                  key={column.name}
                  column={column}
                  isDown={sort?.index === index ? sort.isDown : null}
                  onSort={(isDown) => setSort({ index, isDown })}
                />
              ))}
            </tr>
          </thead>
          <tbody onKeyDown={moveFocus}>
            {shown.map((row, i) => (
              <tr key={rowKey(row)} tabIndex={i === 0 ? 0 : -1}>
                {columns.map((column) => (
                  <td key={column.name} class={column.isNumber ? "number" : ""}>
                    {column.cell(row)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {pages > 1 ? <Pager page={current} pages={pages} onPage={setPage} /> : null}
    </>
  );
}

interface HeadingProps<T> {
  column: Column<T>;
  isDown: boolean | null;
  onSort: (isDown: boolean) => void;
}

function Heading<T>({ column, isDown, onSort }: HeadingProps<T>) {
  const order = isDown === null ? "none" : isDown ? "descending" : "ascending";
  const look = column.isNumber ? "number" : "";
  if (!column.by) {
    return (
      <th scope="col" class={look}>
        {column.name}
      </th>
    );
  }
  return (
    <th scope="col" class={look} aria-sort={order}>
      <button type="button" class="sort" onClick={() => onSort(isDown === null ? true : !isDown)}>
        {column.name}
        <span aria-hidden="true">{isDown === null ? "" : isDown ? " ↓" : " ↑"}</span>
      </button>
    </th>
  );
}

interface PagerProps {
  page: number;
  pages: number;
  onPage: (page: number) => void;
}

function Pager({ page, pages, onPage }: PagerProps) {
  return (
    <nav class="pager" aria-label="Pages of the table">
      <button type="button" disabled={page === 0} onClick={() => onPage(page - 1)}>
        Previous
      </button>
      <span>
        {page + 1} of {pages}
      </span>
      <button type="button" disabled={page + 1 === pages} onClick={() => onPage(page + 1)}>
        Next
      </button>
    </nav>
  );
}
