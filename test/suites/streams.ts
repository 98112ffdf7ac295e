import '../routes/timeline.test.ts'
