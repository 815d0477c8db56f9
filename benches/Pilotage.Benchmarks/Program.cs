using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;

// dotnet run -c Release --project benches/Pilotage.Benchmarks -- --filter '*'
// In process: version 0.14.0 does not know how to build for .NET 10, and the native library lies beside this program.
var config = DefaultConfig.Instance
    .AddJob(Job.ShortRun.WithToolchain(InProcessEmitToolchain.Instance))
    .AddDiagnoser(MemoryDiagnoser.Default)
    .WithArtifactsPath(Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "../../../bench/micro")));
BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args, config);
