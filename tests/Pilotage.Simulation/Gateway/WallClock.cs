using Pilotage.Testing;

namespace Pilotage.Simulation.Gateway;

/// <summary>A wall clock that is set by years, back and forth, or stands still, over a monotonic one that does not notice.</summary>
internal sealed class WallClock(ManualTime time, Random random)
{
    private static readonly DateTimeOffset Unset = DateTimeOffset.UnixEpoch;
    private static readonly DateTimeOffset Overflow = new(2038, 1, 19, 3, 14, 8, TimeSpan.Zero);
    private DateTimeOffset? _frozen;

    /// <summary>How often it was set or stopped.</summary>
    public int Jumps { get; private set; }

    public bool IsFrozen => _frozen is not null;

    /// <summary>Lets true time pass.</summary>
    public void Advance(TimeSpan by)
    {
        time.Advance(by);
        if (_frozen is { } still)
        {
            time.Jump(still);
        }
    }

    /// <summary>Does something to it.</summary>
    public void Disturb()
    {
        Jumps++;
        var now = time.GetUtcNow();
        switch (random.Next(8))
        {
            case 0:
                Set(now.AddYears(10));
                break;
            case 1:
                Set(now.Year > 1980 ? now.AddYears(-10) : Unset);
                break;
            case 2:
                Set(now.AddSeconds(-random.Next(1, 7200)));
                break;
            case 3:
                Set(now.AddSeconds(random.Next(1, 7200)));
                break;
            case 4:
                Set(Unset);
                break;
            case 5:
                Set(Overflow);
                break;
            case 6:
                _frozen = now;
                break;
            default:
                _frozen = null;
                break;
        }
    }

    /// <summary>It goes on from where it stands.</summary>
    public void Thaw() => _frozen = null;

    private void Set(DateTimeOffset now)
    {
        time.Jump(now);
        _frozen = _frozen is null ? null : now;
    }
}
