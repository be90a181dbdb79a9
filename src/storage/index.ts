export { openChecked, sealChecked } from './checked-value.js';
export { HighWaterMark } from './high-water-mark.js';
export { levelError, openLevel } from './level.js';
