/**
 * The bill of materials: what of others is in the bundle. In: the names of bundled packages. Out: a CycloneDX 1.5 document,
 * the same for the same packages: it has no time and no random number.
 */
import { readFileSync } from 'node:fs';

/**
 * @param {readonly string[]} names
 * @returns {object}
 */
export function billOfMaterials(names) {
  const { name, version, license, description } = JSON.parse(readFileSync('package.json', 'utf8'));
  const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8'));
  const self = `pkg:npm/${name}@${version}`;
  const components = names.map((each) => component(each, packages[`node_modules/${each}`]));
  return {
    $schema: 'http://cyclonedx.org/schema/bom-1.5.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    version: 1,
    metadata: {
      component: {
        'bom-ref': self,
        type: 'application',
        name,
        version,
        description,
        licenses: [{ license: { id: license } }],
        purl: self,
      },
    },
    components,
    dependencies: [{ ref: self, dependsOn: components.map(({ purl }) => purl) }],
  };
}

function component(name, locked) {
  const { version, license } = JSON.parse(readFileSync(`node_modules/${name}/package.json`, 'utf8'));
  const purl = `pkg:npm/${name.replace('@', '%40')}@${version}`;
  const [algorithm, digest] = locked.integrity.split('-');
  if (algorithm !== 'sha512') throw new Error(`${name} is locked by ${algorithm}`);
  return {
    'bom-ref': purl,
    type: 'library',
    name,
    version,
    scope: 'required',
    hashes: [{ alg: 'SHA-512', content: Buffer.from(digest, 'base64').toString('hex') }],
    licenses: [{ license: { id: license } }],
    purl,
  };
}
