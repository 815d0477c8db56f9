using System.Runtime.InteropServices;
using Pilotage.Cli.Frame;

namespace Pilotage.Cli;

internal static class Program
{
    private static async Task<int> Main(string[] arguments)
    {
        using var interrupted = new CancellationTokenSource();
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        return await CliApp.RunAsync(arguments, CliSession.OfProcess(), interrupted.Token);

        // The process ends by draining, never by the signal itself.
        void Stop(PosixSignalContext context)
        {
            context.Cancel = true;
            interrupted.Cancel();
        }
    }
}
