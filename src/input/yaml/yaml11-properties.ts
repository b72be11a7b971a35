/**
 * In: a cursor at an anchor, alias or tag. Out: the cursor behind it, and the edits that make js-yaml read it as go-yaml
 * (go.yaml.in/yaml/v2 2.4.4) does.
 */
import { isBlankOrEnd, type Yaml11Cursor } from './yaml11-cursor.ts';

/** Over `*name` or `&name`. js-yaml takes more characters into the name, so a blank ends it. */
export function skipAnchorName(cursor: Yaml11Cursor): void {
  const start = cursor.offset++;
  while (/[0-9A-Za-z_-]/.test(cursor.text.charAt(cursor.offset))) cursor.offset++;
  const next = cursor.text.charAt(cursor.offset);
  if (cursor.offset === start + 1 || !(isBlankOrEnd(cursor.code()) || '?:,]}%@`'.includes(next))) {
    cursor.refuse('an anchor is named with letters, digits, "-" and "_"', start);
  }
  if (next !== '' && '?:%@`'.includes(next)) cursor.edit(cursor.offset, ' ');
}

const TAG = /!(?:<[0-9A-Za-z_\-;/?:@&=+$,.!~*'()[\]%]+>|[0-9A-Za-z_\-;/?:@&=+$,.!~*'()[\]%]*)/y;

/** Over `!`, `!name`, `!!name` or `!<name>`. */
export function skipTag(cursor: Yaml11Cursor): void {
  const start = cursor.offset;
  TAG.lastIndex = start;
  const [tag] = TAG.exec(cursor.text) as RegExpExecArray as [string];
  cursor.offset = TAG.lastIndex;
  if (!isBlankOrEnd(cursor.code()) || tag === '!!' || /%(?![0-9A-Fa-f]{2})/.test(tag)) {
    cursor.refuse('the tag is malformed', start);
  }
  if (/^![0-9A-Za-z_-]+!/.test(tag)) cursor.refuse('the tag has an unknown handle', start);
  // js-yaml takes fewer characters into a tag; tags with the others are unknown either way.
  if (!tag.startsWith('!<') && /[!,[\]]/.test(tag.replace(/^!!?/, ''))) {
    cursor.edit(start, '!unknown', tag.length);
  }
}
