using Pilotage.Server.Access;
using Pilotage.Testing;
using Xunit;

namespace Pilotage.Tests.Server.Access;

public sealed class SignInTests : IAsyncLifetime
{
    private readonly ManualTime _time = new();
    private readonly TestServerFolder _server;
    private readonly SignIns _signIns;

    public SignInTests()
    {
        _server = new TestServerFolder(_time);
        _signIns = _server.Get<SignIns>();
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public void A_link_opens_one_session_once()
    {
        var code = Code();
        var session = _signIns.SessionFor(code, null);

        Assert.True(_signIns.IsOpen(session!));
        Assert.Null(_signIns.SessionFor(code, null));
        Assert.False(_signIns.IsOpen(code));
    }

    [Fact]
    public void A_link_and_a_session_end_by_themselves()
    {
        var old = Code();
        _time.Advance(TimeSpan.FromHours(2));
        Assert.Null(_signIns.SessionFor(old, null));

        var session = _signIns.SessionFor(Code(), null)!;
        _time.Advance(_signIns.Lifetime - TimeSpan.FromSeconds(1));
        Assert.True(_signIns.IsOpen(session));
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.False(_signIns.IsOpen(session));
    }

    [Fact]
    public void Guesses_open_nothing()
    {
        Assert.Null(_signIns.SessionFor("guess", null));
        Assert.Null(_signIns.SessionFor(null, "pat_guess"));
        Assert.Null(_signIns.SessionFor(null, null));
        Assert.False(_signIns.IsOpen("guess"));
    }

    [Fact]
    public void What_is_kept_is_bounded_and_the_oldest_goes_first()
    {
        var first = Code();
        for (var i = 0; i < 1_000; i++)
        {
            _time.Advance(TimeSpan.FromMilliseconds(1));
            Code();
        }

        Assert.Null(_signIns.SessionFor(first, null));
    }

    private string Code() => _signIns.MakeLink().Path["/?code=".Length..];
}
