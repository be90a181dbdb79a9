export { type Order, type OrderState } from './four-eyes.js';
export { openGateway, type OpenOptions, type RunningGateway } from './open.js';
export { SealedJson } from './sealed-json.js';
export { GatewayUsers, Scope, type User } from './users.js';
