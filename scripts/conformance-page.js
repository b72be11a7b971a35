// Compares everything with the real components and writes docs/conformance.md; --help shows the flags.
import { runBundled } from './run-bundled.js';

await runBundled('test/conformance/page.ts');
