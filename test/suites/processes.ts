/** Several processes on one folder, and what stands beside the code: documents, examples, manifests. */
import '../album-cache-processes.test.ts'
import '../deploy.test.ts'
import '../documentation.test.ts'
import '../imports.test.ts'
import '../airflow/shape.test.ts'
import '../edge.test.ts'
