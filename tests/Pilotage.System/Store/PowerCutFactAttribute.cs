using Pilotage.Testing;
using Xunit;

namespace Pilotage.System.Store;

/// <summary>A test that cuts real power; where that cannot be done it is skipped and says why.</summary>
internal sealed class PowerCutFactAttribute : FactAttribute
{
    public PowerCutFactAttribute() => Skip = PowerCutVolume.Unavailable!;
}
