namespace Pilotage.Runtime.Inference;

/// <summary>How one model does on one class of hardware, since its meter began.</summary>
/// <param name="Model">The model, by name or digest.</param>
/// <param name="HardwareClass">The class, as releases name it.</param>
/// <param name="Rows">Rows that were answered.</param>
/// <param name="Failed">Rows on which the model failed.</param>
/// <param name="LatencyMsP50">From a row's arrival to its answer, waiting included; half of all took no longer.</param>
/// <param name="LatencyMsP95">The same of 95 %.</param>
/// <param name="LatencyMsP99">The same of 99 %.</param>
/// <param name="QueueMsP50">Of it, waiting for others or for the model.</param>
/// <param name="QueueMsP99">The same of 99 %.</param>
/// <param name="DeadlineMisses">Rows whose latency was above the deadline.</param>
/// <param name="RowsPerSecond">Over all the time, idle time included.</param>
/// <param name="RowsPerBusySecond">Over the time the model ran: what it could do.</param>
/// <param name="MemoryBytes">Resident memory of the process; a worker holds one model.</param>
/// <param name="Energy">Energy of a row; null when there is no way to know.</param>
public sealed record InferenceFigures(
    string Model,
    string HardwareClass,
    long Rows,
    long Failed,
    double LatencyMsP50,
    double LatencyMsP95,
    double LatencyMsP99,
    double QueueMsP50,
    double QueueMsP99,
    long DeadlineMisses,
    double RowsPerSecond,
    double RowsPerBusySecond,
    long MemoryBytes,
    EnergyFigure? Energy);

/// <summary>Energy of one row, with how it came about.</summary>
/// <param name="JoulesPerRow">The figure.</param>
/// <param name="Method"><c>rapl</c>: the counter of the processor package, all that ran on it included; <c>calibrated</c>: time of the model times watts measured once.</param>
/// <param name="ErrorShare">Largest error of the figure as a share of it. Of <c>rapl</c>, what its counter's steps allow; of <c>calibrated</c>, as the calibration states.</param>
public sealed record EnergyFigure(double JoulesPerRow, string Method, double ErrorShare);

/// <summary>Watts of one busy core over those of an idle one, measured with a meter once per class of hardware.</summary>
/// <param name="WattsPerBusyCore">The figure.</param>
/// <param name="ErrorShare">Its error, as a share of it.</param>
public sealed record EnergyCalibration(double WattsPerBusyCore, double ErrorShare);
