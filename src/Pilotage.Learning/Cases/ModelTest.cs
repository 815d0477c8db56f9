using Pilotage.Core;
using Pilotage.Core.Durability;
using Pilotage.Learning.Golden;
using Pilotage.Learning.Onnx;
using Pilotage.Learning.Sequences;

namespace Pilotage.Learning.Cases;

/// <summary>Runs the published cases of models in a folder, without a server.</summary>
/// <param name="tolerance">How far answers may be off; golden sets have their own.</param>
/// <param name="options">How models are loaded.</param>
/// <param name="callMax">Longest time of one call; a model that takes longer is stopped and fails.</param>
/// <param name="time">The clock of that.</param>
public sealed class ModelTest(Tolerance tolerance, OnnxOptions options, TimeSpan callMax, TimeProvider time)
{
    private static readonly EnumerationOptions Below = new() { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint, MaxRecursionDepth = 32 };

    /// <summary>The models below a folder, or the one file; in order of their names.</summary>
    public static IReadOnlyList<string> Models(string path) =>
        File.Exists(path) ? [path] : [.. Directory.EnumerateFiles(path, "*.onnx", Below).Where(file => !PlainFile.IsSomethingElse(file)).Order(StringComparer.Ordinal)];

    /// <summary>Runs all cases beside one model; names are relative to <paramref name="root"/>.</summary>
    public IEnumerable<CaseResult> Run(string root, string model, CancellationToken cancellation)
    {
        var name = File.Exists(root) ? Path.GetFileName(model) : Path.GetRelativePath(root, model).Replace('\\', '/');
        var outcome = OnnxModel.LoadFile(model, options);
        // One that is not read because of its size has no cases either: digests would read it.
        var cases = (!outcome.IsOk && outcome.Refusal.Code is "onnx.too_large" or "onnx.unreadable") ? [] : CaseFiles.Beside(Path.GetFullPath(model)).ToList();
        if (!outcome.TryGet(out var loaded, out var refusal))
        {
            return cases.Select(files => $"{name}: {files.Name}").DefaultIfEmpty(name).Select(of => new CaseResult(of, CaseOutcome.NotLoadable, null, refusal.Message));
        }

        using (loaded)
        {
            var carried = new Dictionary<string, Tensor>(StringComparer.Ordinal);
            CaseResult Told(CaseFiles files)
            {
                cancellation.ThrowIfCancellationRequested();
                using var stop = cancellation.Register(loaded.Stop);
                return Run(loaded, files, carried) with { Name = $"{name}: {files.Name}" };
            }

            return cases.Count == 0 ? [new CaseResult(name, CaseOutcome.NoCases, null, "Nothing beside it says what it should answer.")] : cases.ConvertAll(Told);
        }
    }

    private CaseResult Run(OnnxModel model, CaseFiles files, Dictionary<string, Tensor> carried)
    {
        var isLate = false;
        using var watch = time.CreateTimer(
            _ =>
            {
                Volatile.Write(ref isLate, true);
                model.Stop();
            },
            null,
            callMax,
            Timeout.InfiniteTimeSpan);
        var result = files.Golden is { } golden ? Of(golden.Check(model)) : Compare(model, files, carried);
        return Volatile.Read(ref isLate) && result.Outcome == CaseOutcome.Failed ? Failed(new Refusal("case.timeout", $"It did not end within {callMax.TotalSeconds:0.#} s.")) : result;
    }

    private CaseResult Compare(OnnxModel model, CaseFiles files, Dictionary<string, Tensor> carried)
    {
        if (!files.Tensors!(model).TryGet(out var tensors, out var refusal)
            || !Inputs(model, tensors.Inputs, carried).TryGet(out var inputs, out refusal)
            || !Placed("outputs", model.Outputs, tensors.Outputs).TryGet(out var expected, out refusal))
        {
            return Failed(refusal);
        }

        if (model.Misfit(inputs) is { } misfit)
        {
            return Failed(misfit);
        }

        try
        {
            var answers = model.Run(inputs);
            foreach (var (input, output) in StatePairs.Of(model))
            {
                carried[model.Inputs[input].Name] = answers[output];
            }

            var compared = Enumerable.Range(0, answers.Count).Where(i => expected[i] is not null)
                .Select(i => TensorComparison.Of(model.Outputs[i].Name, expected[i]!, answers[i], tolerance, tensors.IsLoose)).ToList();
            var reason = compared.Find(comparison => comparison.Reason is not null)?.Reason;
            return new CaseResult("", reason is null ? CaseOutcome.Passed : CaseOutcome.Failed, compared.Max(comparison => comparison.Worst), reason);
        }
        catch (OnnxException failed)
        {
            return Failed(new Refusal("onnx.failed", failed.Message));
        }
    }

    private static CaseResult Of(GoldenReport report) =>
        new("", report.Pass ? CaseOutcome.Passed : CaseOutcome.Failed, report.MaxError < GoldenReport.Unanswered ? report.MaxError : null, report.Reason);

    private static CaseResult Failed(Refusal why) => new("", CaseOutcome.Failed, null, why.Message);

    // State that a case does not give is that of the case before it, and zero in the first one.
    private static Outcome<Tensor[]> Inputs(OnnxModel model, IReadOnlyList<NamedTensor>? given, Dictionary<string, Tensor> carried)
    {
        if (given is null)
        {
            return Ramps(model);
        }

        if (!Placed("inputs", model.Inputs, given).TryGet(out var placed, out var refusal))
        {
            return refusal;
        }

        var states = StatePairs.Of(model).Select(pair => pair.Input).ToHashSet();
        var inputs = new Tensor[placed.Length];
        for (var i = 0; i < placed.Length; i++)
        {
            var info = model.Inputs[i];
            if (placed[i] is null && !states.Contains(i))
            {
                return new Refusal("case.input_missing", $"It gives no input '{info.Name}'.");
            }

            inputs[i] = placed[i] ?? carried.GetValueOrDefault(info.Name) ?? StatePairs.Begin(info);
        }

        return inputs;
    }

    /// <summary>By name where every name is one of the model's, else in order.</summary>
    private static Outcome<Tensor?[]> Placed(string what, IReadOnlyList<TensorInfo> places, IReadOnlyList<NamedTensor> tensors)
    {
        if (tensors.Count > places.Count)
        {
            return new Refusal("case.too_many", $"It has {tensors.Count} {what}; the model has {places.Count}.");
        }

        var placed = new Tensor?[places.Count];
        var names = places.Select(place => place.Name).ToList();
        var isNamed = tensors.All(tensor => names.Contains(tensor.Name)) && tensors.DistinctBy(tensor => tensor.Name).Count() == tensors.Count;
        for (var i = 0; i < tensors.Count; i++)
        {
            placed[isNamed ? names.IndexOf(tensors[i].Name) : i] = tensors[i].Value;
        }

        return placed;
    }

    private static Outcome<Tensor[]> Ramps(OnnxModel model)
    {
        var ramps = new Tensor[model.Inputs.Count];
        for (var i = 0; i < ramps.Length; i++)
        {
            var info = model.Inputs[i];
            if (info.Type != TensorType.Float32 || info.Elements(rows: 1) is < 0 or > NamedTensor.BytesMax / sizeof(float))
            {
                return new Refusal("case.input_missing", $"It gives no inputs, and none can be made for '{info.Name}', which is {info.Described}.");
            }

            ramps[i] = StatePairs.Begin(info);
            var values = ramps[i].As<float>();
            for (var at = 0; at < values.Length; at++)
            {
                values[at] = (float)((double)at / values.Length);
            }
        }

        return ramps;
    }
}
