/** Plain-text tables: columns aligned by spaces, numbers to the right, no colours and no frames, so that they paste anywhere. */

export interface Column {
  readonly title: string;
  /** Numbers read best on the right; text (default) on the left. */
  readonly align?: 'left' | 'right';
}

/** One line of titles, one rule, one line per row. Columns that are empty in every row are left out. */
export function formatTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const used = columns.map((_, c) => rows.length === 0 || rows.some((row) => (row[c] ?? '') !== ''));
  const widths = columns.map(({ title }, c) => Math.max(displayWidth(title), ...rows.map((row) => displayWidth(row[c] ?? ''))));
  const line = (cells: readonly string[]): string =>
    columns
      .map(({ align }, c) => {
        const cell = cells[c] ?? '';
        const space = ' '.repeat(widths[c]! - displayWidth(cell));
        return align === 'right' ? space + cell : cell + space;
      })
      .filter((_, c) => used[c])
      .join('  ')
      .trimEnd();
  const rule = columns.map((_, c) => '─'.repeat(widths[c]!));
  return [line(columns.map(({ title }) => title)), line(rule), ...rows.map(line)].join('\n');
}

/** Code points, not UTF-16 units: good enough for labels, × and →. */
function displayWidth(text: string): number {
  return Array.from(text).length;
}
