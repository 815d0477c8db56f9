
namespace Pilotage.Cli.Demo.Steps;

/// <summary>Compares every message this side saw acknowledged with what the server returns.</summary>
internal sealed class AccountStep : IDemoStep
{
    public async Task RunAsync(DemoWorld world, CancellationToken cancellation)
    {
        var account = await MessageAccount.TakeAsync(world, cancellation);
        world.Report.Set("messages", account.ToJson());
        if (account.Missing != 0 || account.Duplicate != 0 || account.Altered != 0 || account.Acked != account.Stored)
        {
            world.Report.Faults.Add($"messages do not add up: {account.ToJson().ToJsonString()}");
        }

        world.Print.Step(
            "messages",
            $"sent {account.Sent}, acknowledged {account.Acked}, stored {account.Stored}, missing {account.Missing}, duplicate {account.Duplicate}, altered {account.Altered}",
            "each stored row was read back and compared with what was sent",
            "loss before the first acknowledgement: that is the sender's to repeat");
    }
}
