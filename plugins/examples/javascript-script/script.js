// The element kind `javascript-script`: runs the element's commands on the artifacts of its dependencies, and collects what
// they leave in %{install-root}.

import { log } from 'spec:plugin/log@0.2.0';
import * as plan from 'spec:plugin/plan@0.2.0';

const KIND = 'javascript-script';
const KEYS = ['commands'];

function describe() {
  return {
    name: KIND,
    version: '0.1.0',
    defaults: 'config:\n  commands: []\n',
    artifactVersion: 0,
    traits: { runsCommands: true, hasArtifact: true },
    forbids: { sources: true },
  };
}

function configured(element) {
  const config = new Map(mapping(element, element.config));
  for (const [name, node] of config) {
    if (!KEYS.includes(name)) {
      throw refusal('unknown-key', `expected one of ${KEYS.join(', ')}, found '${name}'`, node);
    }
  }
  const commands = texts(element, config.get('commands'));
  const installRoot = new Map(element.variables).get('install-root');
  makePlan(element, commands, installRoot);
  return uniqueKey(commands, installRoot);
}

// What is thrown by mistake ends the component: the log says why, and where.
function configure(element) {
  try {
    return configured(element);
  } catch (error) {
    if (error instanceof Error) {
      log('error', `${error}\n${error.stack}`);
    }
    throw error;
  }
}

function makePlan(element, commands, installRoot) {
  const staged = element.dependencies.flatMap((dependency, index) => (dependency.build ? [index] : []));
  plan.stageDependencies('/', staged);
  plan.integrate(staged);
  plan.markDirectory(installRoot);
  plan.makeDirectory(installRoot);
  const command = (text) => ({ label: text, argv: ['sh', '-c', '-e', text] });
  plan.run({ label: 'commands', readOnlyRoot: false, commands: commands.map(command) });
  plan.collect(installRoot);
}

// All that can change the artifact.
function uniqueKey(commands, installRoot) {
  const values = commands.map((text) => ({ tag: 'text', val: text }));
  const texts = [...commands.keys()];
  values.push({ tag: 'sequence', val: texts }, { tag: 'text', val: installRoot });
  const [list, root] = [commands.length, commands.length + 1];
  values.push({ tag: 'mapping', val: [['commands', list], ['install-root', root]] });
  return { values };
}

function mapping(element, index) {
  const node = element.nodes[index];
  if (node.tag !== 'mapping') {
    throw refusal('invalid-data', 'expected a mapping', index);
  }
  return node.val;
}

function texts(element, index) {
  const node = element.nodes[index];
  if (node.tag !== 'sequence') {
    throw refusal('invalid-data', 'expected a list of commands', index);
  }
  return node.val.map((item) => {
    const text = element.nodes[item];
    if (text.tag !== 'scalar') {
      throw refusal('invalid-data', 'expected a command', item);
    }
    return text.val;
  });
}

// What `configure` answers for an element that is wrong.
function refusal(reason, message, node) {
  return { reason: { tag: reason }, message, node };
}

export const kind = { describe, configure };
