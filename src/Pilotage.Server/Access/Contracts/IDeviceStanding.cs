using Pilotage.Trust;

namespace Pilotage.Server.Access.Contracts;

/// <summary>Whether a device may speak right now; answered by the fleet at every connection, so that a cut is a cut.</summary>
public interface IDeviceStanding
{
    /// <summary>The reason why not, or null.</summary>
    Refusal? MayNot(DeviceCertificate identity, Digest certificate);
}
