/** The release of a node's kube-proxy: that of its kubelet, with which it is rolled out. */
import type { Node } from '../apiserver/objects.ts';
import type { Diagnostic } from '../shared/diagnostic.ts';
import { newestRelease, parseRelease, type Release, SUPPORTED_RELEASES } from './release.ts';

/** The Node's `kubeletVersion`, such as `v1.33.1-gke.5`. (`kubeProxyVersion` is the kubelet's guess, and empty since 1.33.) */
export function kubeletVersion(node: Node): string | undefined {
  return node.status?.nodeInfo?.kubeletVersion || undefined;
}

export interface NodeRelease {
  readonly release: Release;
  readonly diagnostics: readonly Diagnostic[];
}

/** The release of a node; the newest one, and a note, where the node does not say or it is not supported. */
export function releaseOfNode(node: Node | undefined): NodeRelease {
  const release = newestRelease();
  const text = node === undefined ? undefined : kubeletVersion(node);
  const minor = text === undefined ? undefined : /^v?(1\.[0-9]{1,3})(?![0-9])/.exec(text)?.[1];
  if (text !== undefined && minor !== undefined && SUPPORTED_RELEASES.includes(minor)) {
    return { release: parseRelease(text), diagnostics: [] };
  }
  const reason =
    node === undefined
      ? 'there is no Node that tells the release of its kube-proxy'
      : text === undefined
        ? 'it does not tell the release of its kubelet'
        : `its kubelet is ${text}, and that release of kube-proxy is not supported`;
  const note: Diagnostic = {
    severity: 'note',
    code: 'ReleaseAssumed',
    message: `${reason}; the rules are those of ${release.name}`,
    mend: `name one with --kube-version: ${SUPPORTED_RELEASES.join(', ')}`,
    ...(node === undefined ? {} : { object: { kind: 'Node', name: node.metadata.name } }),
  };
  return { release, diagnostics: [note] };
}
