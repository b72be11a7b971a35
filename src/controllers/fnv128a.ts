/**
 * FNV-1a, the hash by which Kubernetes' endpoint controllers order ports.
 */

/**
 * FNV-1a over the UTF-16 code units of an ASCII text.
 * @returns 32 hexadecimal digits, so that comparing texts compares hashes.
 */
export function fnv128a(text: string): string {
  // 128 bits as four 32-bit words, the lowest first; the offset basis is 0x6c62272e07bb014262b821756295c58d.
  let a = 0x6295c58d;
  let b = 0x62b82175;
  let c = 0x07bb0142;
  let d = 0x6c62272e;
  for (let i = 0; i < text.length; i++) {
    a = (a ^ (text.charCodeAt(i) & 0xff)) >>> 0;
    // The prime is 2^88 + 0x13b: a product with 0x13b, carried from word to word, plus a shift by 88 bits.
    const product0 = a * 0x13b;
    const product1 = b * 0x13b + Math.floor(product0 / 2 ** 32);
    const product2 = c * 0x13b + Math.floor(product1 / 2 ** 32) + (a & 0xff) * 2 ** 24;
    const product3 = d * 0x13b + Math.floor(product2 / 2 ** 32) + (a >>> 8) + (b & 0xff) * 2 ** 24;
    a = product0 >>> 0;
    b = product1 >>> 0;
    c = product2 >>> 0;
    d = product3 >>> 0;
  }
  return [d, c, b, a].map((word) => word.toString(16).padStart(8, '0')).join('');
}
