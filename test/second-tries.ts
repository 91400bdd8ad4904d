/** Names, at the end of a run, each test that held only when it was tried a second time. */
import type { Reporter, TestModule } from 'vitest/node'

export function secondTries(): Reporter {
  return {
    onTestRunEnd(modules) {
      const names = modules.flatMap(flaky)
      if (names.length === 0) return
      console.log(['Held only when tried a second time:', ...names].join('\n  '))
    },
  }
}

function flaky(module: TestModule): string[] {
  const tests = [...module.children.allTests()].filter((test) => test.diagnostic()?.flaky)
  return tests.map(({ fullName }) => `${module.relativeModuleId}: ${fullName}`)
}
