/** Hostile strings in the fields of Endpoints, Nodes and the configuration of kube-proxy. */
import { describeHostileStrings } from './hostile-strings-in-fields.ts';

describeHostileStrings('Endpoints', 'Node', 'KubeProxyConfiguration');
