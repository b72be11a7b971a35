// Writes what the real kube-proxies say into the folders of fixtures/; --help shows the usage.
import { runBundled } from './run-bundled.js';

await runBundled('test/conformance/update-fixtures.ts');
