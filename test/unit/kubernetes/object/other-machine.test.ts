import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { NodeFacts } from '../../../../src/api/status/status.ts';
import type { EventFact } from '../../../../src/kubernetes/event-fact.ts';
import { StatusWriter } from '../../../../src/kubernetes/report/status-writer.ts';
import type { NodeReport } from '../../../../src/reconcile/report/node-report.ts';
import { aCondition, aNodeReport } from '../../../support/reports.ts';
import { createStubApi, type StubApi } from '../../../support/stub-api.ts';

const HOUR = 60 * 60_000;
const ONE = { machineID: '1'.repeat(32), bootID: '11111111-1111-4111-8111-111111111111' };
const TWO = { machineID: '2'.repeat(32), bootID: '22222222-2222-4222-8222-222222222222' };
let stop: AbortController;

beforeEach(() => {
  vi.useFakeTimers();
  stop = new AbortController();
});
afterEach(() => {
  stop.abort();
  vi.useRealTimers();
});

interface TestAgent {
  readonly said: string[];
  readonly events: EventFact[];
  readonly end: () => void;
  readonly publish: (facts: NodeFacts, isReady?: boolean) => Promise<void>;
}

function agentOn(api: StubApi): TestAgent {
  const [said, events, ended]: [string[], EventFact[], AbortController] = [[], [], new AbortController()];
  const nothing = () => {};
  const writer = new StatusWriter({
    ...api,
    node: 'w',
    log: { debug: nothing, info: nothing, warn: (message) => void said.push(message), error: nothing },
    clock: () => Date.now(),
    random: () => 0.5,
    tell: (fact) => void events.push(fact),
  });
  void writer.run(AbortSignal.any([stop.signal, ended.signal]));
  return {
    said,
    events,
    end: () => ended.abort(),
    publish: (facts, isReady = true) => writer.publish(reportOf(facts, isReady), stop.signal),
  };
}

function reportOf(facts: NodeFacts, isReady: boolean): NodeReport {
  const status = isReady ? 'True' : 'False';
  const plain = aNodeReport({ conditions: [aCondition({ status })] });
  return { ...plain, status: { ...plain.status, node: facts }, snapshot: { ...plain.snapshot, uid: 'u' } };
}

const machineIn = (api: StubApi) => (api.stored()['status'] as { node: NodeFacts }).node.machineID;

describe('two machines that go by one name', () => {
  it('both say so, which machines they are and what to do, once an hour', async () => {
    const api = createStubApi();
    const [one, two] = [agentOn(api), agentOn(api)];
    await one.publish(ONE);
    await two.publish(TWO);
    await vi.advanceTimersByTimeAsync(15 * 60_000);

    for (const agent of [one, two]) {
      expect(agent.said).toEqual([expect.stringContaining('two machines go by the name "w"')]);
      expect(agent.said[0]).toContain(ONE.machineID);
      expect(agent.said[0]).toContain(TWO.machineID);
      expect(agent.said[0]).toContain('--node-name, NODE_NAME or its host name');
      expect(agent.events).toEqual([{ type: 'Warning', reason: 'NodeNameContested', message: agent.said[0] }]);
    }
    await vi.advanceTimersByTimeAsync(3 * HOUR);
    expect(one.said.length).toBeGreaterThanOrEqual(3);
    expect(one.said.length).toBeLessThanOrEqual(4);
  });

  it('are told apart by their boot when one is a copy of the other', async () => {
    const api = createStubApi();
    const [one, two] = [agentOn(api), agentOn(api)];
    await one.publish(ONE);
    await two.publish({ ...ONE, bootID: TWO.bootID });
    await vi.advanceTimersByTimeAsync(5 * 60_000);

    expect(one.said[0]).toContain(TWO.bootID);
  });

  it('write every five minutes each, whatever changes on them', async () => {
    const api = createStubApi();
    const [one, two] = [agentOn(api), agentOn(api)];
    await one.publish(ONE);
    await two.publish(TWO);
    await vi.advanceTimersByTimeAsync(15 * 60_000);
    api.requests.length = 0;
    for (let second = 0; second < 3600; second += 1) {
      await one.publish(ONE, second % 2 === 0);
      await two.publish(TWO, second % 3 === 0);
      await vi.advanceTimersByTimeAsync(1000);
    }

    expect(api.requests.length).toBeLessThanOrEqual(26);
    expect(api.requests.length).toBeGreaterThan(12);
  });

  it('become one again that writes at once, when the other has got a name of its own', async () => {
    const api = createStubApi();
    const [one, two] = [agentOn(api), agentOn(api)];
    await one.publish(ONE);
    await two.publish(TWO);
    await vi.advanceTimersByTimeAsync(15 * 60_000);
    two.end();
    await vi.advanceTimersByTimeAsync(30 * 60_000);
    expect(machineIn(api)).toBe(ONE.machineID);
    api.requests.length = 0;

    await one.publish(ONE, false);
    await vi.advanceTimersByTimeAsync(2000);
    expect(api.requests).toHaveLength(1);
  });
});

describe('one machine', () => {
  it('takes the place of another one quietly, and so does the same one after a boot', async () => {
    const api = createStubApi();
    const before = agentOn(api);
    await before.publish(ONE);
    await vi.advanceTimersByTimeAsync(1000);
    before.end();
    const after = agentOn(api);
    await after.publish({ ...ONE, bootID: TWO.bootID });
    await vi.advanceTimersByTimeAsync(1000);
    after.end();
    const replaced = agentOn(api);
    await replaced.publish(TWO);
    await vi.advanceTimersByTimeAsync(HOUR);

    expect(machineIn(api)).toBe(TWO.machineID);
    expect(api.requests).toHaveLength(3);
    expect([...after.said, ...replaced.said, ...replaced.events]).toEqual([]);
  });

  it('is not taken for two when the watch goes on showing what was there before its boot', async () => {
    const api = createStubApi();
    const before = agentOn(api);
    await before.publish(ONE);
    await vi.advanceTimersByTimeAsync(1000);
    before.end();
    const object = api.stored();
    const after = agentOn({ ...api, mirror: { ...api.mirror, view: () => ({ state: 'present', object }) } });
    for (let n = 0; n < 10; n += 1) {
      await after.publish({ ...ONE, bootID: TWO.bootID }, n % 2 === 0);
      await vi.advanceTimersByTimeAsync(90_000);
    }

    expect(api.requests.length).toBeGreaterThan(3);
    expect([...after.said, ...after.events]).toEqual([]);
  });

  it('takes a restored backup for no machine', async () => {
    const api = createStubApi();
    const agent = agentOn(api);
    await agent.publish(ONE);
    await vi.advanceTimersByTimeAsync(1000);
    api.change({ status: { node: TWO } });
    await vi.advanceTimersByTimeAsync(HOUR);

    expect(machineIn(api)).toBe(ONE.machineID);
    expect(agent.said).toEqual([]);
  });

  it.each([
    ['nothing', {}],
    ['null', { node: null }],
    ['a text', 'text'],
    ['numbers', { node: { machineID: 7, bootID: [] } }],
  ])('takes somebody who makes %s of the status for no machine', async (_, status) => {
    const api = createStubApi();
    const agent = agentOn(api);
    await agent.publish(ONE);
    const wiping = setInterval(() => api.change({ status }), 60_000);
    await vi.advanceTimersByTimeAsync(HOUR);
    clearInterval(wiping);

    expect(api.requests.length).toBeGreaterThan(10);
    expect(agent.said).toEqual([]);
  });
});
