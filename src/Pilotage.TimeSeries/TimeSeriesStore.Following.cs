using Pilotage.Core;

namespace Pilotage.TimeSeries;

/// <content>What is stored, told in order of arrival to those who follow.</content>
public sealed partial class TimeSeriesStore
{
    // Replaced whole, under the store's lock.
    private StoreFollower[] _followers = [];

    /// <summary>The number that the next row to arrive gets.</summary>
    public long NextArrival
    {
        get
        {
            lock (_gate)
            {
                return _nextArrival;
            }
        }
    }

    /// <summary>Follows what is stored; behind until it rejoins.</summary>
    /// <param name="pointsMax">Most points that wait for it.</param>
    public StoreFollower Follow(int pointsMax)
    {
        var follower = new StoreFollower(this, pointsMax);
        lock (_gate)
        {
            _followers = [.. _followers, follower];
        }

        return follower;
    }

    /// <summary>The messages of devices that arrived from one number on and before another, in that order, as <see cref="ReplayTyped"/> tells them.</summary>
    public IEnumerable<ArrivedTypedRow> ReplayArrived(
        TenantId tenant, IReadOnlyList<DeviceId> devices, IReadOnlyList<string> properties, long fromArrival, long beforeArrival)
    {
        var sources = new List<RowSource>();
        foreach (var device in devices.Distinct())
        {
            sources.AddRange(Sources(tenant, device, properties, long.MinValue, long.MaxValue, byTime: false).Where(source => source.First < beforeArrival && source.Last >= fromArrival));
        }

        foreach (var cursor in RowMerge.Of(sources, byTime: false, Segments.BlockParts.All))
        {
            var arrival = cursor.Rows.Arrivals[cursor.Row];
            if (arrival >= beforeArrival)
            {
                yield break;
            }

            if (arrival >= fromArrival)
            {
                yield return TypedRow(cursor);
            }
        }
    }

    internal long Rejoin(StoreFollower follower)
    {
        lock (_gate)
        {
            follower.Clear();
            return _nextArrival;
        }
    }

    internal void Leave(StoreFollower follower)
    {
        lock (_gate)
        {
            _followers = [.. _followers.Where(other => other != follower)];
        }
    }
}
