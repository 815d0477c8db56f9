namespace Pilotage.Server.Models.Training;

/// <summary>What a recipe made of a dataset: the model file, its golden answers, and what was measured.</summary>
/// <param name="Onnx">The model file.</param>
/// <param name="Golden">The golden set's JSON.</param>
/// <param name="Metrics">Measured on units the measuring fold had not seen.</param>
/// <param name="ExportError">Largest difference between the file's answer and the in-process model's, over all rows checked.</param>
internal sealed record TrainedModel(
    string Name,
    byte[] Onnx,
    byte[] Golden,
    IReadOnlyDictionary<string, double> Metrics,
    double ExportError,
    long ExportRows);

/// <summary>The alarm limit a run chose on its own units.</summary>
/// <param name="Expected">Expected hours of downtime per 1,000 cycles, alarm times uncertain.</param>
/// <param name="FailuresOnFit">Scorings of a life in which its alarm came too late.</param>
/// <param name="Scorings">Lives times the number of deals they were scored in.</param>
internal sealed record AlarmChoice(
    string Parameter, double Threshold, double Expected, double Plain, int FailuresOnFit, int Scorings, IReadOnlyList<AlarmCurvePoint> Curve);

/// <summary>One point of the cost curve the limit was chosen from.</summary>
internal sealed record AlarmCurvePoint(double Threshold, double Expected, double Plain, int Failures);

/// <summary>Everything a run produced.</summary>
internal sealed record TrainingResult(IReadOnlyList<TrainedModel> Models, AlarmChoice? Alarm, long FeatureRows, int Units);
