// The priming policy `javascript-critical-path`: as many actions as the workers can run, those with the longest chains after
// them first.
//
// Others are held, so that more urgent candidates found later come first. The setting `per-slot` says how many primed
// actions may run or wait for each slot; the default 2 keeps slots from waiting for submissions. The setting `order` says
// what decides, and what decides between equals.

import { enabled, log } from 'spec:plugin/log@0.2.0';

const LOWEST_PRIORITY = 1000;

// What candidates are ordered by: the smallest number comes first.
const ORDERS = {
  'critical-path': (candidate) => -u32(candidate.criticalMs),
  distance: (candidate) => u32(candidate.distance),
  'fan-out': (candidate) => -u32(candidate.fanOut),
};

// componentize-qjs 0.4 passes numbers from 2^31 on as negative ones.
const u32 = (number) => number >>> 0;

const number = (value) => ({ tag: 'number', val: value });
const texts = (value) => ({ tag: 'texts', val: value });

function describe() {
  return {
    name: 'javascript-critical-path',
    version: '0.1.0',
    summary: 'As many actions as the workers can run, those with the longest chains after them first.',
    settings: [
      {
        name: 'order',
        summary: 'What decides, and then between equals: critical-path, distance, fan-out.',
        type: { tag: 'texts' },
        default: texts(Object.keys(ORDERS)),
      },
      {
        name: 'per-slot',
        summary: 'How many primed actions may run or wait for each slot.',
        type: { tag: 'number', val: { least: 1, greatest: 1000 } },
        default: number(2),
      },
    ],
    largestBatch: 500,
    skipCodes: [],
  };
}

class Session {
  constructor(order, perSlot) {
    this.order = order;
    this.perSlot = perSlot;
  }

  static open(configuration, _memory) {
    return logged(() => {
      const settings = new Map(configuration.map(([name, value]) => [name, value.val]));
      const wrong = settings.get('order').find((name) => !(name in ORDERS));
      if (wrong !== undefined) {
        throw new Refusal('order', `expected critical-path, distance or fan-out, found '${wrong}'`);
      }
      const order = settings.get('order').map((name) => ORDERS[name]);
      return new Session(order, settings.get('per-slot'));
    });
  }

  wants() {
    return {};
  }

  decide(candidates, load) {
    return logged(() => {
      const decisions = candidates.map(() => ({ tag: 'hold' }));
      const order = candidates.map((_, index) => index);
      const keys = candidates.map((candidate) => this.order.map((number) => number(candidate)));
      order.sort((one, other) => compare(keys[one], keys[other]));
      const submitted = order.slice(0, Math.min(this.room(load), LOWEST_PRIORITY + 1));
      submitted.forEach((index, rank) => {
        decisions[index] = { tag: 'submit', val: rank };
      });
      if (enabled('debug')) {
        log('debug', `submits ${submitted.length} of ${candidates.length} candidates`);
      }
      return decisions;
    });
  }

  revise(submitted, _load) {
    return submitted.map(() => ({ tag: 'keep' }));
  }

  observe(_ended) {}

  remember() {
    return new Uint8Array();
  }

  // How many more actions may be submitted. If the number of slots is not known, there is at least one.
  room(load) {
    const most = Math.max(u32(load.slots ?? 1), 1) * this.perSlot;
    return Math.min(u32(load.free), Math.max(most - u32(load.primed), 0));
  }
}

function compare(one, other) {
  for (let place = 0; place < one.length; place++) {
    if (one[place] !== other[place]) {
      return one[place] - other[place];
    }
  }
  return 0;
}

// What `open` answers instead of a session.
class Refusal {
  constructor(setting, message) {
    this.reason = { tag: 'invalid-value' };
    this.setting = setting;
    this.message = message;
  }
}

// Calls a function. What it throws by mistake ends the component: the log says why, and where.
function logged(call) {
  try {
    return call();
  } catch (error) {
    if (error instanceof Error) {
      log('error', `${error}\n${error.stack}`);
    }
    throw error;
  }
}

export const priming = { describe, Session };
