import { MemoryStore } from '../../src/ledger/index.js';
import { storeSuite } from './store-suite.js';

storeSuite('MemoryStore', () => Promise.resolve(new MemoryStore()));
