using Pilotage.Testing;
using Xunit;
using Xunit.Abstractions;

namespace Pilotage.System.Server;

/// <summary>P17: backups of the real server under load, by the real CLI; what comes back is started and accounted.</summary>
public sealed class BackupSurvivalTests(ITestOutputHelper output) : IDisposable
{
    private static readonly int Rounds = TestSize.Count(4, 40);
    private static readonly int Kills = TestSize.Count(6, 60);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);
    private readonly Random _random = new(20261126);
    private readonly string _folder = Directory.CreateTempSubdirectory("pilotage-backup-").FullName;

    private string Data => Path.Combine(_folder, "data");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_backup_under_load_has_all_that_was_acknowledged_before_and_starts_as_a_server()
    {
        var (load, objects, accounted) = (new ServerLoad(), new ServerObjects(), 0);
        for (var round = 0; round < Rounds; round++)
        {
            var (archive, restored) = ($"backup-{round}.tar", $"restored-{round}");
            var before = new HashSet<long>();
            await using (var server = await ServerProcess.StartAsync(Data))
            {
                await objects.CreateAsync(server.Door);
                await load.RunAsync(server.Door, async () =>
                {
                    before = load.AckedSoFar();
                    Assert.Equal(0, await RunAsync("backup", "create", archive, "--server", server.Door.Http.ToString(), "--token-file", "data/admin.token"));
                });
            }

            Assert.Equal(0, await RunAsync("backup", "restore", archive, "--data", restored));
            await using var again = await ServerProcess.StartAsync(Path.Combine(_folder, restored));
            var ledger = new MessageLedger();
            foreach (var number in before)
            {
                ledger.Ack(number);
            }

            ledger.Account(await NumberedMessages.StoredAsync(again.Door, load.Last), knowsAllSent: false);
            await objects.AccountAsync(again.Door);
            Assert.True(ledger.Faults == 0 && objects.Missing == 0 && before.Count > 0, $"round {round}: {ledger}; objects: {objects.Answered} answered, {objects.Missing} missing");
            accounted += before.Count;
        }

        output.WriteLine(PromiseTotals.Line("P17", ("backups restored", Rounds), ("messages accounted", accounted)));
    }

    [Fact]
    public async Task A_backup_that_a_kill_breaks_off_leaves_nothing_and_the_server_all_it_had()
    {
        var load = new ServerLoad();
        var broken = 0;
        for (var kill = 0; kill < Kills; kill++)
        {
            var archive = $"killed-{kill}.tar";
            await using var server = await ServerProcess.StartAsync(Data);
            await load.AccountAsync(server.Door);
            var exit = 0;
            await load.RunAsync(server.Door, async () =>
            {
                var backup = RunAsync("backup", "create", archive, "--server", server.Door.Http.ToString(), "--token-file", "data/admin.token");
                while (!backup.IsCompleted && !Directory.EnumerateFiles(_folder, $"{archive}.part-*").Any())
                {
                    await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System);
                }

                await Task.Delay(TimeSpan.FromMilliseconds(_random.Next(300)), TimeProvider.System);
                await server.KillAsync();
                exit = await backup;
            });

            Assert.True(exit == 0 ? await RunAsync("backup", "verify", archive, "--drill") == 0 : !File.Exists(Path.Combine(_folder, archive)), $"kill {kill}: exit {exit}");
            Assert.Empty(Directory.EnumerateFiles(_folder, "*.part-*"));
            broken += exit == 0 ? 0 : 1;
        }

        await using var last = await ServerProcess.StartAsync(Data);
        await load.AccountAsync(last.Door);
        Assert.True(load.Ledger.Faults == 0 && broken > 0, $"{load.Ledger}; {broken} of {Kills} broken off");
        Assert.Empty(Directory.EnumerateFiles(Data, "*.copy"));
        output.WriteLine(PromiseTotals.Line("P17", ("kills during a backup", Kills)));
    }

    private async Task<int> RunAsync(params string[] arguments)
    {
        await using var process = ChildProcess.Start(ServerProcess.Binary, arguments, _folder);
        await process.EndAsync().WaitAsync(Patience);
        if (process.ExitCode != 0)
        {
            output.WriteLine($"{string.Join(' ', arguments)}: {process.ExitCode} {process.Errors}");
        }

        return process.ExitCode;
    }
}
