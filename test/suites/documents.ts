/** What stands beside the code: documents, examples, manifests. */
import '../deploy.test.ts'
import '../documentation.test.ts'
import '../imports.test.ts'
import '../airflow/shape.test.ts'
