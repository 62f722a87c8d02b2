// A priming policy with a mistake: it reads a property of what is not there.

import { log } from 'spec:plugin/log@0.2.0';

function describe() {
  return { name: 'javascript-throws', version: '0.1.0', summary: 'It throws.', settings: [], skipCodes: [] };
}

class Session {
  static open(_configuration, _memory) {
    return new Session();
  }

  wants() {
    return {};
  }

  decide(candidates, _load) {
    try {
      return candidates.map((candidate) => this.weigh(candidate));
    } catch (error) {
      log('error', `${error}\n${error.stack}`);
      throw error;
    }
  }

  weigh(candidate) {
    return { tag: 'submit', val: candidate.history.length };
  }

  revise(submitted, _load) {
    return submitted.map(() => ({ tag: 'keep' }));
  }

  observe(_ended) {}

  remember() {
    return new Uint8Array();
  }
}

export const priming = { describe, Session };
