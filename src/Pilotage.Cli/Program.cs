using System.Runtime.InteropServices;
using Pilotage.Cli.Demo.Processes;
using Pilotage.Cli.Frame;
using Pilotage.Cli.Verbs;

namespace Pilotage.Cli;

internal static class Program
{
    private static async Task<int> Main(string[] arguments)
    {
        using var interrupted = new CancellationTokenSource();
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Interrupt);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Stop);
        return await CliApp.RunAsync(arguments, CliSession.OfProcess(), interrupted.Token);

        // The process ends by draining, never by the signal itself.
        void Stop(PosixSignalContext context)
        {
            context.Cancel = true;
            interrupted.Cancel();
        }

        // A terminal sends Ctrl-C to the whole group. A child leaves it to its parent, which knows the order of ending.
        void Interrupt(PosixSignalContext context)
        {
            if (HostVerbs.IsChild(arguments))
            {
                context.Cancel = true;
                return;
            }

            // Who presses it a second time does not want to wait for the drain, neither ours nor that of our children.
            context.Cancel = !interrupted.IsCancellationRequested;
            if (!context.Cancel)
            {
                ChildProcess.KillAll();
            }

            interrupted.Cancel();
        }
    }
}
