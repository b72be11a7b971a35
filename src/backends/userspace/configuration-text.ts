/**
 * Names and addresses as they may stand in the configuration of HAProxy and nginx.
 *
 * In: names and addresses of a cluster. Out: words that both programs take as one word without meaning of its own, whatever
 * came in. Names are validated when objects are admitted; this is the last line of defence against a directive that is none.
 */
import { createHash } from 'node:crypto';
import { formatIP, parseIP } from '../../shared/ip.ts';
import type { Frontend } from './frontend.ts';

/** HAProxy takes lines of 2,048 characters. */
const LONGEST = 250;

/**
 * The name of a frontend, different for each: `prod.web.http` for `prod/web:http`, and `prod.web.http_v6` for its half of the other family
 * where both are listened to. No admitted name has a dot or an underscore.
 */
export function identifierOf({ name, family }: Frontend, bothFamilies: boolean): string {
  const [serviceName = '', ...rest] = name.split(':');
  const portName = rest.join(':');
  const parts = [...serviceName.split('/'), ...(portName === '' ? [] : [portName])];
  const text = parts.map(escaped).join('.');
  const suffix = bothFamilies && family === 'IPv6' ? '_v6' : '';
  return shortened(text) + suffix;
}

/** `prod/web:http` for a comment. */
export function commentName(name: string): string {
  return shortened(name.replace(/[^A-Za-z0-9./:-]/g, escaped));
}

/** Other characters than `[A-Za-z0-9-]` as `_` and two hexadecimal digits for each byte. */
function escaped(text: string): string {
  return text.replace(/[^A-Za-z0-9-]/gu, (character) =>
    [...Buffer.from(character, 'utf8')].map((byte) => `_${byte.toString(16).padStart(2, '0')}`).join(''),
  );
}

function shortened(text: string): string {
  if (text.length <= LONGEST) return text;
  const digest = createHash('sha256').update(text).digest('hex').slice(0, 32);
  return `${text.slice(0, LONGEST - digest.length - 1)}_${digest}`;
}

/**
 * `10.0.0.1:80` or `[fd00::1]:80`, if it is nothing else.
 * @throws Error
 */
export function checkedPlace(text: string): string {
  const match = /^(?:([0-9.]+)|\[([0-9a-f:.]+)\]):([0-9]{1,5})$/.exec(text);
  const address = match?.[1] ?? match?.[2] ?? '';
  const ip = parseIP(address);
  const port = Number(match?.[3]);
  if (ip === undefined || formatIP(ip) !== address || port < 1 || port > 65535) {
    throw new Error(`refusing to write ${JSON.stringify(text)}, which is no address with a port`);
  }
  return text;
}
