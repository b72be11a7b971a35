/** Mode ipvs as a backend: its artifacts and their texts. */
import type { IPFamily } from '../../apiserver/objects.ts';
import type { NodeView } from '../../proxy/node-view.ts';
import { lazily } from '../../shared/lazily.ts';
import type { Artifact, Backend, CompiledNode } from '../backend.ts';
import { followAnew } from '../follow-anew.ts';
import { RESTORE, SAVE } from '../print-chain.ts';
import { compileIpvs, featuresOf } from './compile.ts';
import { addressLines, pieces, printJSON, serverLines, setLines, tableTexts } from './print.ts';
import { printScript, printServerScript } from './script.ts';

const FAMILIES: readonly IPFamily[] = ['IPv4', 'IPv6'];
const COMPARED = ['ipvsadm.save', 'ipset.save', 'addresses', 'iptables.save', 'ip6tables.save'];

export const ipvsBackend: Backend = {
  mode: 'ipvs',
  compile,
  follow: followAnew(compile, COMPARED),
};

/** @throws OperationalError for a release whose mode ipvs is not compiled. */
function compile(view: NodeView): CompiledNode {
  featuresOf(view);
  const rulesets = lazily(['IPv4', 'IPv6'], (family) => compileIpvs(view, family));
  const both = () => FAMILIES.map((family) => rulesets[family]);
  const { ipvs } = view.configuration;
  const ofBoth = (name: string, text: Artifact['text']): Artifact => ({ name, family: undefined, text });
  return {
    mode: 'ipvs',
    artifacts: [
      ofBoth('ipvs.sh', () => printScript(both(), ipvs)),
      ofBoth('ipvsadm.save', () => pieces(serverLines(both()))),
      ofBoth('ipvsadm.sh', () => printServerScript(both(), ipvs)),
      ofBoth('ipset.save', () => pieces(setLines(both()))),
      ofBoth('addresses', () => pieces(addressLines(both()))),
      ...FAMILIES.flatMap((family): Artifact[] => {
        const tool = family === 'IPv6' ? 'ip6tables' : 'iptables';
        return [
          { name: `${tool}.save`, family, text: () => tableTexts(rulesets[family], SAVE) },
          { name: `${tool}.restore`, family, text: () => tableTexts(rulesets[family], RESTORE) },
        ];
      }),
    ],
    mainArtifact: { IPv4: 'ipvs.sh', IPv6: 'ipvs.sh' },
    json: (family) => printJSON(rulesets[family]),
  };
}
