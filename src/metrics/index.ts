export { agentMetrics, type AgentMetrics, type ProbedPeer } from './agent.js';
export { callMetrics, type CommonMetrics, createRegistry } from './common.js';
export { evaluatorMetrics } from './evaluator.js';
export { nodeMetrics, type NodeMetrics } from './node.js';
export { type MetricsAddress, parseMetricsAddress } from './address.js';
export { type MetricsServer, serveMetrics } from './server.js';
export { witnessMetrics } from './witness.js';
