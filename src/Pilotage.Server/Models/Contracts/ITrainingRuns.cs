namespace Pilotage.Server.Models.Contracts;

/// <summary>What later modules need to know of training runs.</summary>
public interface ITrainingRuns
{
    /// <summary>The alarm limit a run chose on its own units, or null when its package leaves none open.</summary>
    ChosenAlarm? AlarmOf(TenantId tenant, string run);
}

/// <summary>A parameter of the pipeline and the value chosen for it.</summary>
public sealed record ChosenAlarm(string Parameter, double Threshold);
