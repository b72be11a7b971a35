/** The kinds that lint reads beside those that decide what a node does. */
import { WORKLOAD_KINDS } from './pod-templates.ts';

export const LINT_KINDS: readonly string[] = [...WORKLOAD_KINDS, 'KubeletConfiguration'];
