/** Writes tar archives, also such as no tar would write. */

export interface TarMember {
  readonly path: string;
  readonly content?: string | Uint8Array;
  /** Default: `0`, a regular file. */
  readonly type?: string;
  readonly link?: string;
  /** Where it is not the content's. */
  readonly size?: number;
}

/** An archive in the format ustar, with its end. */
export function tarArchive(members: readonly TarMember[]): Buffer {
  return Buffer.concat([...members.map(tarMember), Buffer.alloc(1024)]);
}

export function tarMember({ path, content = '', type = '0', link = '', size }: TarMember): Buffer {
  const bytes = Buffer.from(content);
  const header = Buffer.alloc(512);
  header.write(path, 0, 100);
  header.write('0000644\0', 100);
  header.write(`${(size ?? bytes.length).toString(8).padStart(11, '0')}\0`, 124);
  header.write('        ', 148);
  header.write(type, 156);
  header.write(link, 157, 100);
  header.write('ustar\x0000', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return Buffer.concat([header, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)]);
}

/** An extended header for the member behind it. */
export function paxHeader(records: Readonly<Record<string, string>>): Buffer {
  const content = Object.entries(records).map(([key, value]) => {
    const rest = ` ${key}=${value}\n`;
    let length = Buffer.byteLength(rest) + 1;
    while (Buffer.byteLength(`${length}${rest}`) !== length) length++;
    return `${length}${rest}`;
  });
  return tarMember({ path: 'PaxHeaders/x', type: 'x', content: content.join('') });
}
