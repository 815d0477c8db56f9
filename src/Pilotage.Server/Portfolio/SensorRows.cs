using Pilotage.Learning.Decisions;
using Pilotage.Server.Portfolio.Value;
using Pilotage.TimeSeries;

namespace Pilotage.Server.Portfolio;

/// <summary>Lives as they stand in the store, cycle by cycle.</summary>
internal sealed class SensorRows(TimeSeriesStore store)
{
    private const long HourNs = 3_600_000_000_000;

    /// <summary>Every value of a life at the cycle it belongs to; the last one counts where a cycle has several.</summary>
    public ObservedLife Observe(TenantId tenant, UnitLife life, IReadOnlyList<string> properties)
    {
        var rows = new double[life.Cycles][];
        for (var cycle = 0; cycle < rows.Length; cycle++)
        {
            rows[cycle] = new double[properties.Count];
            Array.Fill(rows[cycle], double.NaN);
        }

        for (var property = 0; property < properties.Count; property++)
        {
            var key = new SeriesKey(tenant, new DeviceId(life.Device), properties[property]);
            foreach (var point in store.Read(key, life.FirstNs, life.StopNs))
            {
                var cycle = (point.TimeNs - life.FirstNs + (HourNs / 2)) / HourNs;
                if (cycle < rows.Length)
                {
                    rows[cycle][property] = point.Value;
                }
            }
        }

        return new ObservedLife(new Life(life.Device, life.Cycles), rows);
    }
}
