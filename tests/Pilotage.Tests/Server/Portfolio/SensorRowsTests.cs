using Pilotage.Server.Package;
using Pilotage.Server.Portfolio;
using Pilotage.Testing;
using Xunit;

namespace Pilotage.Tests.Server.Portfolio;

public sealed class SensorRowsTests
{
    private const long Hour = StoreFixture.Hour;

    [Fact]
    public async Task Puts_every_stored_value_at_its_cycle_and_leaves_gaps_open()
    {
        await using var store = new StoreFixture().Open();
        await store.AppendAsync(StoreFixture.Row("pump", 10 * Hour, ("heat", 1), ("load", 7)), null, default);
        await store.AppendAsync(StoreFixture.Row("pump", (11 * Hour) + 5, ("heat", 2)), null, default);
        await store.AppendAsync(StoreFixture.Row("pump", 13 * Hour, ("heat", 4), ("load", 8)), null, default);
        await store.AppendAsync(StoreFixture.Row("pump", 14 * Hour, ("heat", 99)), null, default);

        var seen = new SensorRows(store).Observe(
            StoreFixture.Tenant, new UnitLife("pump", 10 * Hour, 13 * Hour, 4, false, 10), ["load", "heat"]);

        Assert.Equal(4, seen.Life.Cycles);
        Assert.Equal([7, double.NaN, double.NaN, 8], seen.Rows.Select(row => row[0]));
        Assert.Equal([1, 2, double.NaN, 4], seen.Rows.Select(row => row[1]));
    }

    [Theory]
    [InlineData("predictive-maintenance", 3, 21)]
    [InlineData("pump-bearings", 0, 0)]
    public void A_use_case_keeps_the_regimes_its_package_can_tell(string sample, int settings, int sensors)
    {
        var package = PackageReader.ReadFolder(Path.Combine(Pilotage.Tests.Architecture.Repository.Root, "samples", sample), "site.demo.yaml").Value;

        var regimes = UseCaseInstall.Define(package).Value.Regimes;

        Assert.Equal(settings, regimes?.Settings.Count ?? 0);
        Assert.Equal(sensors, regimes?.Sensors.Count ?? 0);
        Assert.True(regimes is null || regimes.Sensors.All(sensor => package.Thing.Properties.Any(property => property.Name == sensor)));
    }
}
