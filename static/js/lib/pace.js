// Runs `work` at once, then at most once per `milliseconds`; calls in between run once at the end.
// One run at a time: a slow answer never overtakes a later one.
export function paced(work, milliseconds) {
  let running = false
  let again = false
  let notBefore = 0

  async function run() {
    if (running) {
      again = true
      return
    }
    running = true
    await pause(notBefore - performance.now())
    again = false
    notBefore = performance.now() + milliseconds
    try {
      await work()
    } finally {
      running = false
      if (again) run()
    }
  }

  return run
}

export function pause(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, milliseconds)))
}
