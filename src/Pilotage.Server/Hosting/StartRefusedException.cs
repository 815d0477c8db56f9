namespace Pilotage.Server.Hosting;

/// <summary>Carries a refusal out of a hosted service that cannot start; shown as one line, without a stack.</summary>
public sealed class StartRefusedException(Refusal refusal) : Exception(refusal.Message)
{
    /// <summary>Why the server does not start.</summary>
    public Refusal Refusal { get; } = refusal;
}
