using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using System.Diagnostics.Metrics;
using Pilotage.Core;
using Pilotage.Server.Fabric;
using Pilotage.Server.Fabric.Meaning;
using Pilotage.Server.Fabric.Retention;
using Pilotage.Server.Fabric.Sql;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.Server.Hosting;
using Pilotage.Testing;
using Pilotage.TimeSeries;
using Xunit;

namespace Pilotage.Tests.Server.Fabric;

/// <summary>An answer that does not come to its end: whoever asked has gone, or it took too long.</summary>
public sealed class SqlAnswerTests : IAsyncLifetime
{
    private const long Start = 1_767_225_600_000_000_000;
    private static readonly TenantId Acme = new("acme");
    private readonly TestServerFolder _server = new();
    private readonly ManualTime _time = new();

    public async Task InitializeAsync()
    {
        _server.Get<IFleet>().Declare(Acme, [new DeviceDeclaration("acme/lyon/pump-1", "pump") { Id = new("p1") }]);
        var batch = new PointBatch();
        for (var i = 0; i < 20_000; i++)
        {
            batch.Add(new SeriesKey(Acme, new("p1"), "load"), Start + (i * 1_000_000_000L), i, Quality.Good, 0);
        }

        await _server.Get<TimeSeriesStore>().AppendAsync(batch, null, default);
    }

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task One_that_takes_too_long_before_anything_was_sent_is_a_problem()
    {
        var context = Context(new MemoryStream());
        var (limits, place) = Limits(TimeSpan.Zero);
        await Answer(limits, place).ExecuteAsync(context);
        Assert.Equal(422, context.Response.StatusCode);
        Assert.False(context.Features.Get<Lifetime>()!.IsAborted);
        context.Response.Body.Position = 0;
        Assert.Contains("took longer than 0 s", await new StreamReader(context.Response.Body).ReadToEndAsync(), StringComparison.Ordinal);
        Assert.True(limits.Enter().IsOk);
    }

    [Theory]
    [InlineData(250, "0.25")]
    [InlineData(1_500, "1.5")]
    [InlineData(60_000, "60")]
    public void A_limit_below_a_second_is_told_as_it_is(int ms, string expected) => Assert.Equal(expected, SqlAnswer.Seconds(TimeSpan.FromMilliseconds(ms)));

    [Fact]
    public async Task One_that_takes_too_long_after_rows_were_sent_breaks_off()
    {
        var body = new SlowBody(_time);
        var context = Context(body);
        var (limits, place) = Limits(TimeSpan.FromMinutes(1));
        await Answer(limits, place).ExecuteAsync(context);
        Assert.True(body.Length > 3 * 64 * 1024);
        Assert.True(context.Features.Get<Lifetime>()!.IsAborted);
        Assert.DoesNotContain("pointsRead", System.Text.Encoding.UTF8.GetString(body.ToArray()), StringComparison.Ordinal);
        Assert.True(limits.Enter().IsOk);
    }

    [Fact]
    public async Task One_that_nobody_waits_for_ends_and_makes_room()
    {
        var context = Context(new MemoryStream());
        var (limits, place) = Limits(TimeSpan.FromMinutes(1));
        context.Features.Get<Lifetime>()!.Abort();
        await Answer(limits, place).ExecuteAsync(context);
        Assert.Equal(0, context.Response.Body.Length);
        Assert.True(limits.Enter().IsOk);
    }

    private (SqlLimits Limits, Turnstile.Place Place) Limits(TimeSpan longest)
    {
        var limits = new SqlLimits(new ServerOptions { DataFolder = _server.Path, Tenant = "acme", SqlQuestionsMax = 1, SqlTimeMax = longest }, _server.Get<IMeterFactory>());
        var place = limits.Enter().Value;
        Assert.False(limits.Enter().IsOk);
        return (limits, place);
    }

    private SqlAnswer Answer(SqlLimits limits, Turnstile.Place place)
    {
        var (fleet, store) = (_server.Get<IFleet>(), _server.Get<TimeSeriesStore>());
        var question = SqlQuestion.Read(new SqlBody("SELECT device, ts, load FROM pump", null, null, null), Acme, new SqlTables(fleet, store, _server.Get<RollUps>(), _server.Get<ThingBook>()), fleet, Start).Value;
        return new SqlAnswer(new SqlRun(question, store, _server.Get<RollUps>(), _time), new SqlJson(), limits.TimeMax, place, _time, NullLogger<SqlLimits>.Instance);
    }

    private DefaultHttpContext Context(Stream body)
    {
        var lifetime = new Lifetime();
        var context = new DefaultHttpContext { RequestServices = _server.App.Services.CreateScope().ServiceProvider };
        context.Features.Set<IHttpRequestLifetimeFeature>(lifetime);
        context.Features.Set(lifetime);
        context.Response.Body = body;
        if (body is SlowBody slow)
        {
            // As Kestrel does it: once something was sent, the headers stand.
            slow.Sent = () => ((HeaderDictionary)context.Response.Headers).IsReadOnly = true;
        }

        return context;
    }

    private sealed class Lifetime : IHttpRequestLifetimeFeature
    {
        private readonly CancellationTokenSource _aborted = new();

        public bool IsAborted => _aborted.IsCancellationRequested;

        public CancellationToken RequestAborted
        {
            get => _aborted.Token;
            set => throw new InvalidOperationException("nobody sets it");
        }

        public void Abort() => _aborted.Cancel();
    }

    /// <summary>A network on which every write takes so long that the third is too late.</summary>
    private sealed class SlowBody(ManualTime time) : MemoryStream
    {
        public Action Sent { get; set; } = () => { };

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Sent();
            time.Advance(TimeSpan.FromSeconds(25));
            return base.WriteAsync(buffer, default);
        }
    }
}
