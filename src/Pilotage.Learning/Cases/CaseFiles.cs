using System.Globalization;
using Pilotage.Core;
using Pilotage.Learning.Golden;
using Pilotage.Learning.Onnx;

namespace Pilotage.Learning.Cases;

/// <summary>Tensors of one case as they stand in its files; null inputs are ramps over the shape, as the ONNX backend tests make them.</summary>
internal sealed record CaseTensors(IReadOnlyList<NamedTensor>? Inputs, IReadOnlyList<NamedTensor> Outputs, bool IsLoose = false);

/// <summary>One published case beside a model; either tensors or golden answers.</summary>
/// <param name="Name">As told, relative to the model's folder.</param>
/// <param name="Tensors">Reads its tensors for a model.</param>
/// <param name="Golden">Or its golden set.</param>
internal sealed record CaseFiles(string Name, Func<OnnxModel, Outcome<CaseTensors>>? Tensors, GoldenSet? Golden = null)
{
    private const int GoldenBytesMax = 64 * 1024 * 1024;
    private const int TensorsMax = 1024;

    /// <summary>All cases beside a model: those of the backend tests, arrays of NumPy, golden sets of ours.</summary>
    public static IEnumerable<CaseFiles> Beside(string model)
    {
        var folder = Path.GetDirectoryName(model)!;
        var stem = Path.GetFileNameWithoutExtension(model);
        // Names that speak of no model belong to the only one in the folder, or to model.onnx.
        var isOnly = Directory.EnumerateFiles(folder, "*.onnx").Take(2).Count() == 1;
        var isOwner = isOnly || stem == "model";
        var sets = isOwner ? Directory.EnumerateDirectories(folder, "test_data_set_*").OrderBy(Number).ThenBy(set => set, StringComparer.Ordinal) : Enumerable.Empty<string>();
        foreach (var set in sets)
        {
            yield return new(Path.GetFileName(set), _ => Protos(Numbered(set, "input_*.pb"), Numbered(set, "output_*.pb")));
        }

        if (Numbered(folder, $"{stem}_output_*.pb") is { Count: > 0 } ramp)
        {
            yield return new($"{stem}_output", _ => Protos(null, ramp));
        }

        foreach (var arrays in new[] { $"{stem}.npz", isOwner ? "io.npz" : "" }.Where(name => name.Length > 0 && File.Exists(Path.Combine(folder, name))))
        {
            yield return new(arrays, loaded => Arrays(Path.Combine(folder, arrays), loaded));
        }

        foreach (var golden in Directory.EnumerateFiles(folder, "*.json").Where(file => new FileInfo(file).Length <= GoldenBytesMax).Order(StringComparer.Ordinal))
        {
            var (name, json) = (Path.GetFileName(golden), File.ReadAllBytes(golden));
            // JSON of others lies beside models too; what does not say that it is a golden set is none of ours.
            if (json.AsSpan().IndexOf("pilotage.golden/"u8) < 0)
            {
                continue;
            }

            var isMine = isOnly || name.StartsWith($"{stem}.", StringComparison.Ordinal);
            if (!GoldenSet.Read(json).TryGet(out var set, out var refusal))
            {
                if (isMine)
                {
                    yield return new(name, _ => refusal);
                }
            }
            else if (isMine || set.Model == DigestOf(model))
            {
                yield return new(name, null, set);
            }
        }
    }

    private static string DigestOf(string model) => Digest.Of(File.ReadAllBytes(model)).ToString();

    private static List<string> Numbered(string folder, string pattern) => [.. Directory.EnumerateFiles(folder, pattern).OrderBy(Number).ThenBy(file => file, StringComparer.Ordinal).Take(TensorsMax)];

    private static int Number(string path)
    {
        var name = Path.GetFileNameWithoutExtension(path);
        return int.TryParse(name.AsSpan(name.LastIndexOf('_') + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : int.MaxValue;
    }

    private static Outcome<CaseTensors> Protos(List<string>? inputs, List<string> outputs)
    {
        if (!Protos(inputs ?? []).TryGet(out var given, out var refusal) || !Protos(outputs).TryGet(out var expected, out refusal))
        {
            return refusal;
        }

        return expected.Length == 0 ? new Refusal("case.no_outputs", "There is no output to compare with.") : new CaseTensors(inputs is null ? null : given, expected);
    }

    private static Outcome<NamedTensor[]> Protos(List<string> files)
    {
        var tensors = new List<NamedTensor>();
        foreach (var file in files)
        {
            if (new FileInfo(file).Length > NamedTensor.BytesMax + 4096L)
            {
                return new Refusal("case.tensor_malformed", $"{Path.GetFileName(file)} has more than {NamedTensor.BytesMax} bytes.");
            }

            if (!TensorProto.Read(File.ReadAllBytes(file)).TryGet(out var tensor, out var refusal))
            {
                return new Refusal(refusal.Code, $"{Path.GetFileName(file)}: {refusal.Message}");
            }

            tensors.Add(tensor);
        }

        return tensors.ToArray();
    }

    private static Outcome<CaseTensors> Arrays(string file, OnnxModel model)
    {
        if (!NumpyFile.ReadArchive(file).TryGet(out var arrays, out var refusal))
        {
            return refusal;
        }

        NamedTensor[] Of(IReadOnlyList<TensorInfo> side) => [.. arrays.Where(array => side.Any(tensor => tensor.Name == array.Name))];
        var outputs = Of(model.Outputs);
        return outputs.Length == 0
            ? new Refusal("case.no_outputs", $"None of its arrays ({string.Join(", ", arrays.Select(array => array.Name))}) is an output of the model ({string.Join(", ", model.Outputs.Select(output => output.Name))}).")
            : new CaseTensors(Of(model.Inputs), outputs, IsLoose: true);
    }
}
