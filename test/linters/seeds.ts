/**
 * Faults of Services, one each, that linters are asked to find. In: a small application that every linter is content with. Out: the
 * same with one fault; the line that has it ends in ` # ✗`.
 */

export interface Seed {
  readonly name: string;
  /** The rule of ours that is to speak; others may, too. */
  readonly rule: string;
  readonly manifest: string;
  /** A check that kube-linter documents for it. */
  readonly kubeLinter?: string;
  /** A check that popeye documents for it; popeye needs a cluster in which the objects run. */
  readonly popeye?: string;
}

const SERVICE = `apiVersion: v1
kind: Service
metadata:
  name: web
  namespace: shop
spec:
  selector:
    app: web
  ports:
    - name: http
      port: 80
      targetPort: http
`;

const workload = (kind: 'Deployment' | 'StatefulSet', name: string) => `apiVersion: apps/v1
kind: ${kind}
metadata:
  name: ${name}
  namespace: shop
spec:
  replicas: 3
${kind === 'StatefulSet' ? `  serviceName: ${name}\n` : ''}  selector:
    matchLabels:
      app: ${name}
  template:
    metadata:
      labels:
        app: ${name}
    spec:
      automountServiceAccountToken: false
      affinity:
        podAntiAffinity:
          requiredDuringSchedulingIgnoredDuringExecution:
            - labelSelector: {matchLabels: {app: ${name}}}
              topologyKey: kubernetes.io/hostname
      containers:
        - name: ${name}
          image: example.com/${name}:1.2.3
          imagePullPolicy: Always
          ports:
            - name: http
              containerPort: 8080
          readinessProbe:
            httpGet: {path: /ready, port: 8080}
          resources:
            requests: {cpu: 100m, memory: 64Mi, ephemeral-storage: 10Mi}
            limits: {cpu: 100m, memory: 64Mi, ephemeral-storage: 10Mi}
          securityContext:
            runAsUser: 10001
            runAsGroup: 10001
            readOnlyRootFilesystem: true
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: ${name}, namespace: shop}
spec:
  minAvailable: 1
  selector: {matchLabels: {app: ${name}}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: ${name}, namespace: shop}
spec:
  podSelector: {matchLabels: {app: ${name}}}
  policyTypes: [Ingress, Egress]
  ingress: [{ports: [{port: 8080}]}]
  egress: [{ports: [{port: 53, protocol: UDP}]}]
`;

const DEPLOYMENT = workload('Deployment', 'web');

/** No linter has anything to say of it but what it says of everything. */
export const BASE = `${SERVICE}---\n${DEPLOYMENT}`;

/** @throws where the text to be replaced is not there: a seed without its fault proves nothing. */
function altered(text: string, from: string | RegExp, to: string): string {
  const result = text.replace(from, to);
  if (result === text) throw new Error(`no ${from} to be replaced`);
  return result;
}

const withService = (from: string | RegExp, to: string) => `${altered(SERVICE, from, to)}---\n${DEPLOYMENT}`;
const withDeployment = (from: string | RegExp, to: string) =>
  `${SERVICE}---\n${altered(DEPLOYMENT, from, to)}`;
const beside = (...documents: string[]) => `${BASE}---\n${documents.join('---\n')}`;
const spec = (lines: string) => withService('spec:\n', `spec:\n${lines}`);

const second = (
  name: string,
  lines: string,
  port = 'name: http, port: 80, targetPort: http',
) => `apiVersion: v1
kind: Service
metadata:
  name: ${name}
  namespace: shop
spec:
${lines}  ports:
    - {${port}}
`;

const slice = (
  name: string,
  address: string,
  port = 'name: http, port: 8080',
  type = 'IPv4',
) => `apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: ${name}-1
  namespace: shop
  labels:
    kubernetes.io/service-name: ${name}
addressType: ${type}
endpoints:
  - addresses:
      - ${address}
ports:
  - {${port}}
`;

const external = (lines: string) => `apiVersion: v1
kind: Service
metadata: {name: database, namespace: shop}
spec:
  type: ExternalName
${lines}`;

const proxy = (lines: string) => `apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
${lines}`;

const NODES = `apiVersion: v1
kind: Node
metadata: {name: worker-1, labels: {topology.kubernetes.io/zone: zone-a}}
status: {addresses: [{type: InternalIP, address: 192.0.2.21}]}
---
apiVersion: v1
kind: Node
metadata: {name: worker-2, labels: {topology.kubernetes.io/zone: zone-b}}
`;

const pod = (ready: string) => `apiVersion: v1
kind: Pod
metadata: {name: api-1, namespace: shop, labels: {app: api}}
spec:
  nodeName: worker-1
  containers:
    - name: api
      image: example.com/api:1.2.3
      readinessProbe: {tcpSocket: {port: 8080}}
status: {phase: Running, podIP: 10.244.1.7, podIPs: [{ip: 10.244.1.7}], conditions: [{type: Ready, status: "${ready}"}]}
`;

export const SEEDS: readonly Seed[] = [
  {
    name: 'selector with a typing error',
    rule: 'service-selector-matches-nothing',
    manifest: withService('    app: web', '    app: wbe # ✗'),
    kubeLinter: 'dangling-service',
    popeye: 'POP-1100',
  },
  {
    name: 'selector by another key for the name',
    rule: 'service-selector-matches-nothing',
    manifest: withService('    app: web', '    app.kubernetes.io/name: web # ✗'),
    kubeLinter: 'dangling-service',
    popeye: 'POP-1100',
  },
  {
    name: 'selector with one label too many',
    rule: 'service-selector-matches-nothing',
    manifest: withService('    app: web', '    app: web\n    tier: front # ✗'),
    kubeLinter: 'dangling-service',
    popeye: 'POP-1100',
  },
  {
    name: 'Service in another namespace',
    rule: 'service-selector-matches-nothing',
    manifest: beside(
      altered(SERVICE, 'namespace: shop', 'namespace: store').replace('selector:', 'selector: # ✗'),
      workload('Deployment', 'other').replaceAll('namespace: shop', 'namespace: store'),
    ),
    kubeLinter: 'dangling-service',
    popeye: 'POP-1100',
  },
  {
    name: 'target port by a name that no container has',
    rule: 'target-port-name-missing',
    manifest: withService('targetPort: http', 'targetPort: web # ✗'),
    popeye: 'POP-1106',
  },
  {
    name: 'target port by the name of a port of an init container',
    rule: 'target-port-name-missing',
    manifest: `${altered(SERVICE, 'targetPort: http', 'targetPort: setup # ✗')}---\n${altered(DEPLOYMENT, '      containers:', '      initContainers:\n        - {name: setup, image: "example.com/setup:1", ports: [{name: setup, containerPort: 9000}]}\n      containers:')}`,
    popeye: 'POP-1106',
  },
  {
    name: 'TCP container port, UDP Service',
    rule: 'target-port-protocol-mismatch',
    manifest: withService('targetPort: http', 'targetPort: http # ✗\n      protocol: UDP'),
    popeye: 'POP-1106',
  },
  {
    name: 'none of the running Pods is ready',
    rule: 'pods-not-ready',
    manifest: beside(second('api', '  selector: # ✗\n    app: api\n', 'port: 8080'), pod('False')),
    popeye: 'POP-1105',
  },
  {
    name: "selector also catches a Job's Pods",
    rule: 'selector-matches-job',
    manifest: beside(
      'apiVersion: batch/v1\nkind: Job\nmetadata: {name: migrate, namespace: shop}\nspec:\n  template:\n    metadata: {labels: {app: web}} # ✗\n    spec:\n      restartPolicy: Never\n      containers: [{name: migrate, image: "example.com/migrate:1.2.3"}]\n',
    ),
  },
  {
    name: 'selector also catches another workload',
    rule: 'selector-matches-other-workload',
    manifest: beside(
      workload('Deployment', 'cache')
        .replaceAll('app: cache', 'app: web')
        .replace('name: http', 'name: redis'),
    )
      .replace('  selector:', '  selector: # ✗')
      .replace('targetPort: http', 'targetPort: 8080')
      .replace(
        'name: redis\n              containerPort: 8080',
        'name: redis\n              containerPort: 6379',
      ),
  },
  {
    name: 'serviceName of a StatefulSet that is no Service',
    rule: 'stateful-set-service',
    manifest: beside(
      workload('StatefulSet', 'store').replace('serviceName: store', 'serviceName: stores # ✗'),
    ),
  },
  {
    name: 'headless Service that maps a port',
    rule: 'headless-port-mapping',
    manifest: withService('spec:\n', 'spec:\n  clusterIP: None\n').replace(
      'port: 80\n      targetPort: http',
      'port: 80 # ✗\n      targetPort: 8080',
    ),
  },
  {
    name: 'neither selector nor endpoints',
    rule: 'service-without-endpoints',
    manifest: beside(second('database', '', 'port: 5432').replace('spec:', 'spec: # ✗')),
    popeye: 'POP-1105',
  },
  {
    name: 'hand-written Endpoints beside a selector',
    rule: 'selector-beside-endpoints',
    manifest: beside(
      'apiVersion: v1\nkind: Endpoints\nmetadata: {name: web, namespace: shop}\nsubsets: # ✗\n  - addresses: [{ip: 192.0.2.10}]\n    ports: [{name: http, port: 8080}]\n',
    ),
  },
  {
    name: 'EndpointSlice whose Service is not there',
    rule: 'endpoints-without-service',
    manifest: beside(slice('wbe', '192.0.2.10').replace('service-name: wbe', 'service-name: wbe # ✗')),
  },
  {
    name: 'port of an EndpointSlice without its name',
    rule: 'endpoint-port-name-mismatch',
    manifest: beside(
      second('database', '', 'name: sql, port: 5432'),
      slice('database', '192.0.2.10', 'port: 5432').replace('{port: 5432}', '{port: 5432} # ✗'),
    ),
    popeye: 'POP-1106',
  },
  {
    name: 'Endpoints beside EndpointSlices',
    rule: 'endpoints-beside-slices',
    manifest: beside(
      second('database', '', 'port: 5432'),
      slice('database', '192.0.2.10', 'port: 5432'),
      'apiVersion: v1\nkind: Endpoints\nmetadata: {name: database, namespace: shop}\nsubsets: # ✗\n  - addresses: [{ip: 192.0.2.11}]\n    ports: [{port: 5432}]\n',
    ),
  },
  {
    name: 'node port that is a host port',
    kubeLinter: 'exposed-services',
    popeye: 'POP-1104',
    rule: 'host-port-clash',
    manifest: `${altered(SERVICE, 'spec:\n', 'spec:\n  type: NodePort\n').replace('targetPort: http', 'targetPort: http\n      nodePort: 30080')}---\n${altered(DEPLOYMENT, 'containerPort: 8080', 'containerPort: 8080\n              hostPort: 30080 # ✗')}`,
  },
  {
    name: 'one external IP and port, two Services',
    rule: 'external-address-clash',
    manifest: `${altered(SERVICE, 'spec:\n', 'spec:\n  externalIPs: [203.0.113.7]\n')}---\n${second('zweb', '  externalIPs:\n    - 203.0.113.7 # ✗\n  selector: {app: web}\n')}---\n${DEPLOYMENT}`,
  },
  {
    name: 'one node port, two Services',
    kubeLinter: 'exposed-services',
    popeye: 'POP-1104',
    rule: 'admission',
    manifest: `${altered(SERVICE, 'spec:\n', 'spec:\n  type: NodePort\n').replace('targetPort: http', 'targetPort: http\n      nodePort: 30080')}---\n${second('zweb', '  type: NodePort\n  selector: {app: web}\n').replace('{name: http, port: 80, targetPort: http}', 'name: http\n      port: 80\n      nodePort: 30080 # ✗')}---\n${DEPLOYMENT}`,
  },
  {
    name: 'node port out of the range',
    kubeLinter: 'exposed-services',
    popeye: 'POP-1104',
    rule: 'admission',
    manifest: spec('  type: NodePort\n').replace(
      'targetPort: http',
      'targetPort: http\n      nodePort: 8080 # ✗',
    ),
  },
  {
    name: 'one cluster IP, two Services',
    rule: 'admission',
    manifest: `${altered(SERVICE, 'spec:\n', 'spec:\n  clusterIP: 10.96.0.40\n')}---\n${second('zweb', '  clusterIP: 10.96.0.40 # ✗\n  selector: {app: web}\n')}---\n${DEPLOYMENT}`,
  },
  { name: 'port out of range', rule: 'admission', manifest: withService('port: 80\n', 'port: 80800 # ✗\n') },
  {
    name: 'field with a typing error',
    rule: 'admission',
    manifest: spec('  externalTraficPolicy: Local # ✗\n'),
  },
  {
    name: 'two ports, one without a name',
    rule: 'admission',
    manifest: withService('targetPort: http\n', 'targetPort: http\n    - port: 81 # ✗\n'),
  },
  {
    name: 'one variable set by two Services',
    rule: 'service-variables-clash',
    manifest: beside(
      second('web-service', '  selector: {app: web}\n').replace('name: web-service', 'name: web-service # ✗'),
    ),
  },
  {
    name: 'a variable that the image reads as a port',
    rule: 'service-variable-is-setting',
    manifest: `${altered(SERVICE, 'name: web', 'name: n8n')}---\n${altered(DEPLOYMENT, 'image: example.com/web:1.2.3', 'image: n8nio/n8n:1.80.0 # ✗')}`,
  },
  {
    name: 'an address where a number belongs',
    rule: 'service-variable-is-setting',
    manifest: withDeployment(
      'imagePullPolicy: Always\n',
      'imagePullPolicy: Always\n          args:\n            - --port=$(WEB_PORT) # ✗\n',
    ),
  },
  {
    name: 'policy Local, endpoints on one node of two',
    kubeLinter: 'exposed-services',
    rule: 'external-traffic-policy-local',
    manifest: beside(
      NODES,
      second('database', '  type: NodePort\n  externalTrafficPolicy: Local # ✗\n', 'port: 5432'),
      slice('database', '192.0.2.10', 'port: 5432').replace(
        '      - 192.0.2.10\n',
        '      - 192.0.2.10\n    nodeName: worker-1\n',
      ),
    ),
    popeye: 'POP-1108',
  },
  {
    name: 'internal policy Local with a Deployment',
    rule: 'internal-traffic-policy-local',
    manifest: spec('  internalTrafficPolicy: Local # ✗\n'),
  },
  {
    name: 'hints that do not count',
    rule: 'topology-hints-unused',
    manifest: beside(
      NODES,
      second('database', '', 'port: 5432'),
      slice('database', '192.0.2.10', 'port: 5432').replace(
        'ports:',
        '    hints: {forZones: [{name: zone-a}]}\n  - addresses: [192.0.2.11] # ✗\nports:',
      ),
    ),
  },
  {
    name: 'affinity beyond conntrack',
    rule: 'affinity-outlives-conntrack',
    manifest: `${spec('  sessionAffinity: ClientIP\n  sessionAffinityConfig:\n    clientIP:\n      timeoutSeconds: 7200 # ✗\n')}---\n${proxy('conntrack: {tcpEstablishedTimeout: 1h}\n')}`,
  },
  {
    name: 'a source range that lets everybody in',
    rule: 'source-ranges-void',
    manifest: spec(
      '  type: LoadBalancer\n  loadBalancerSourceRanges:\n    - 192.0.2.0/24\n    - 0.0.0.0/0 # ✗\n',
    ),
  },
  {
    name: 'a source range of the other family',
    rule: 'source-ranges-family',
    manifest: spec('  type: LoadBalancer\n  loadBalancerSourceRanges: # ✗\n    - 2001:db8::/32\n'),
  },
  {
    name: 'node ports past the source ranges',
    rule: 'source-ranges-node-ports',
    manifest: spec('  type: LoadBalancer\n  loadBalancerSourceRanges: # ✗\n    - 192.0.2.0/24\n'),
    kubeLinter: 'exposed-services',
    popeye: 'POP-1103',
  },
  {
    name: 'source ranges of clients that Pods do not see',
    rule: 'source-ranges-client-address',
    manifest: spec(
      '  type: LoadBalancer\n  externalTrafficPolicy: Cluster # ✗\n  loadBalancerSourceRanges:\n    - 192.0.2.0/24\n',
    ),
    kubeLinter: 'exposed-services',
    popeye: 'POP-1107',
  },
  {
    name: 'dual-stack Service, endpoints of one family',
    rule: 'dual-stack-endpoints',
    manifest: beside(
      second('database', '  ipFamilyPolicy: RequireDualStack # ✗\n', 'port: 5432'),
      slice('database', '192.0.2.10', 'port: 5432'),
    ),
  },
  {
    name: 'externalName is an address',
    kubeLinter: 'externalname-service-redirect',
    rule: 'external-name-is-address',
    manifest: beside(external('  externalName: 192.0.2.10 # ✗\n')),
  },
  {
    name: 'externalName without the domain of the cluster',
    kubeLinter: 'externalname-service-redirect',
    rule: 'external-name-incomplete',
    manifest: beside(external('  externalName: postgres.prod.svc # ✗\n')),
  },
  {
    name: 'externalName with another port',
    kubeLinter: 'externalname-service-redirect',
    rule: 'external-name-ports',
    manifest: beside(
      external(
        '  externalName: db.example.com\n  ports:\n    - {name: sql, port: 5432, targetPort: 6432} # ✗\n',
      ),
    ),
  },
  { name: 'external IPs', rule: 'external-ips', manifest: spec('  externalIPs: [203.0.113.7] # ✗\n') },
  {
    name: 'an endpoint that is a cluster IP',
    rule: 'endpoint-is-cluster-ip',
    manifest: beside(second('alias', '', 'port: 80'), slice('alias', '10.96.0.40 # ✗', 'port: 80')).replace(
      'spec:\n',
      'spec:\n  clusterIP: 10.96.0.40\n',
    ),
  },
  {
    name: "an endpoint that is another namespace's Pod",
    rule: 'endpoint-is-foreign-pod',
    manifest: beside(
      pod('True').replaceAll('namespace: shop', 'namespace: vault'),
      second('shortcut', '', 'port: 8080'),
      slice('shortcut', '10.244.1.7 # ✗', 'port: 8080'),
    ),
  },
  {
    name: 'an endpoint that is a node',
    rule: 'endpoint-is-node',
    manifest: beside(
      NODES,
      second('agent', '', 'port: 10250'),
      slice('agent', '192.0.2.21 # ✗', 'port: 10250'),
    ),
  },
  {
    name: 'an endpoint on loopback',
    rule: 'admission',
    manifest: beside(second('agent', '', 'port: 10250'), slice('agent', '127.0.0.1 # ✗', 'port: 10250')),
  },
  {
    name: 'a load balancer at cloud metadata',
    rule: 'load-balancer-address',
    manifest: `${spec('  type: LoadBalancer\n').replace('---', 'status:\n  loadBalancer:\n    ingress:\n      - ip: 169.254.169.254 # ✗\n---')}`,
  },
  {
    name: 'no readiness probe',
    rule: 'readiness-probe-missing',
    manifest: withDeployment('        - name: web\n', '        - name: web # ✗\n').replace(
      / {10}readinessProbe:\n.*\n/,
      '',
    ),
    kubeLinter: 'no-readiness-probe',
    popeye: 'POP-104',
  },
  {
    name: 'killed without time to finish',
    rule: 'termination-without-grace',
    manifest: withDeployment(
      '      containers:',
      '      terminationGracePeriodSeconds: 0 # ✗\n      containers:',
    ),
  },
  {
    name: 'a preStop hook as long as the grace period',
    rule: 'termination-without-grace',
    manifest: withDeployment(
      'imagePullPolicy: Always\n',
      'imagePullPolicy: Always\n          lifecycle:\n            preStop: # ✗\n              exec: {command: [sleep, "30"]}\n',
    ),
  },
  {
    name: 'a probe slower than termination',
    rule: 'readiness-slower-than-termination',
    manifest: `${spec('  type: NodePort\n  externalTrafficPolicy: Local\n')}`.replace(
      'readinessProbe:',
      'readinessProbe: # ✗\n            periodSeconds: 20',
    ),
  },
  {
    name: 'node ports on 127.0.0.1',
    rule: 'localhost-node-ports',
    manifest: beside(proxy('mode: iptables\niptables:\n  localhostNodePorts: true # ✗\n')),
  },
  {
    name: 'a mode of kube-proxy that is gone',
    rule: 'proxy-mode-removed',
    manifest: beside(proxy('mode: userspace # ✗\n')),
  },
];
