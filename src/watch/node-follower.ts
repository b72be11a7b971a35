/**
 * Keeps a node's rules current. In: updates of the input. Out: the rules after each, and which of them differ; the work is
 * that of what has changed.
 */
import type { ClusterState } from '../apiserver/cluster-state.ts';
import type { FollowedNode } from '../backends/backend.ts';
import { loadBackend } from '../backends/registry.ts';
import type { ClusterRequest } from '../controllers/prepare-cluster.ts';
import type { ProxyConfiguration, ProxyMode } from '../proxy/configuration.ts';
import { identifyNode, type NodeSelection } from '../proxy/node-identity.ts';
import { releaseOfNode } from '../proxy/node-release.ts';
import { buildNodeView, type NodeView, type NodeViewRequest } from '../proxy/node-view.ts';
import { updateNodeView } from '../proxy/node-view-update.ts';
import { newestRelease, parseRelease, type Release } from '../proxy/release.ts';
import {
  type ConfigurationRequest,
  type SelectedConfiguration,
  selectConfiguration,
} from '../proxy/select-configuration.ts';
import type { Diagnostic } from '../shared/diagnostic.ts';
import type { InputUpdate } from './input-update.ts';
import { StateFollower } from './state-follower.ts';

export interface FollowNodeRequest extends Omit<ClusterRequest & ConfigurationRequest, 'objects'> {
  /** Goes before the configuration's mode. */
  readonly mode?: ProxyMode | undefined;
  /** As for a single compilation. */
  readonly kubeVersion?: string | undefined;
  readonly node: NodeSelection;
  readonly nfacct: boolean;
}

export interface NodeUpdate {
  /** Undefined where something was refused: what was compiled before is no longer current, and nothing takes its place. */
  readonly current: CurrentNode | undefined;
  /** False where the rules are those of the update before. */
  readonly changed: boolean;
  readonly diagnostics: readonly Diagnostic[];
}

export interface CurrentNode {
  readonly state: ClusterState;
  readonly view: NodeView;
  readonly node: FollowedNode;
}

export class NodeFollower {
  private readonly request: FollowNodeRequest;
  private readonly states: StateFollower;
  private selected: SelectedConfiguration | undefined;
  private current: CurrentNode | undefined;

  constructor(request: FollowNodeRequest) {
    this.request = request;
    this.states = new StateFollower(request);
  }

  /** @throws OperationalError for an unsupported release or mode, or where the cluster lacks the node that is named. */
  async update(update: InputUpdate): Promise<NodeUpdate> {
    const { configuration, diagnostics: found } = this.configure(update);
    const { state, diagnostics } = this.states.update(update);
    const said = [...found, ...diagnostics];
    if (state === undefined || configuration === undefined) {
      return { current: undefined, changed: false, diagnostics: said };
    }
    const backend = await loadBackend(this.request.mode ?? configuration.mode ?? 'iptables');
    const assumed = this.releaseFor(state, configuration);
    const view = this.viewOf(state, configuration, assumed.release);
    const before = this.current;
    const previous = before?.node.mode === backend.mode ? before.node : undefined;
    const node = before?.view === view ? before.node : backend.follow(view, previous);
    const changed = node !== before?.node && (previous === undefined || node.changes().length > 0);
    this.current = { state, view, node };
    const notes = node === before?.node ? [] : (node.notes ?? []);
    return { current: this.current, changed, diagnostics: [...said, ...assumed.diagnostics, ...notes] };
  }

  /** A cluster's is read once, as kube-proxy reads its own when it starts. */
  private configure({ source }: InputUpdate): SelectedConfiguration {
    if (this.selected === undefined || !this.request.live) {
      this.selected = selectConfiguration({ ...this.request, objects: source().objects });
      return this.selected;
    }
    return { ...this.selected, diagnostics: [] };
  }

  private releaseFor(
    state: ClusterState,
    configuration: ProxyConfiguration,
  ): { release: Release; diagnostics: readonly Diagnostic[] } {
    const { kubeVersion, node, live } = this.request;
    if (kubeVersion !== undefined) return { release: parseRelease(kubeVersion), diagnostics: [] };
    if (!live) return { release: newestRelease(), diagnostics: [] };
    return releaseOfNode(identifyNode(state, configuration, node).node);
  }

  private viewOf(state: ClusterState, configuration: ProxyConfiguration, release: Release): NodeView {
    const { node, nfacct } = this.request;
    const request: NodeViewRequest = { release, configuration, node, nfacct };
    const before = this.current;
    const isAlike = before?.view.release === release && before.view.configuration === configuration;
    return before !== undefined && isAlike
      ? updateNodeView(before.view, before.state, state, request)
      : buildNodeView(state, request);
  }
}
