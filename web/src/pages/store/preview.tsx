import { useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { Alert } from 'antd'
import { useTranslation } from 'react-i18next'
import { api, unwrap } from '../../api/client'
import { Await } from '../../kit/page'
import { ProductView } from './product'

/** A product's page as it would be with an application, for its seller and the operator. */
export function Preview() {
  const { t } = useTranslation()
  const { id } = useParams({ strict: false }) as { id: string }
  const query = useQuery({
    queryKey: ['preview', id],
    queryFn: () => unwrap(api.GET('/api/v1/applications/{id}/preview', { params: { path: { id } } })),
  })
  return (
    <div className="stack">
      <Alert type="info" showIcon title={t('editor.preview_note')} />
      <Await query={query}>{(p) => <ProductView product={p} preview />}</Await>
    </div>
  )
}
